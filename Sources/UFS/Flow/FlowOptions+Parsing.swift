// Bounds of a mount as a user wrote them.

import Model

extension FlowOptions {
  /// The mount options read here; each overrides what the configuration says for all mounts.
  package static let keys =
    ownKeys + [
      "alluxio.underfs.s3.threads.max", "alluxio.underfs.s3.admin.threads.max",
      "alluxio.underfs.s3.upload.threads.max", "alluxio.underfs.s3.max.error.retry",
    ]

  /// Those of them that every remote UFS has, and leaves to flow control.
  static let ownKeys = [
    "penstock.worker.ufs.bandwidth", "penstock.worker.ufs.host.requests.max",
    "penstock.worker.ufs.attempts.max", "penstock.worker.ufs.hedge.percentile",
  ]

  /// The other spelling of S3's keys.
  private static func alias(_ key: String) -> String {
    let prefix = "alluxio.underfs.s3."
    return key.hasPrefix(prefix) ? "alluxio.underfs.s3a." + key.dropFirst(prefix.count) : key
  }

  /// The bounds that `options` name, and `defaults` for the rest; other keys are left to the UFS.
  ///
  /// - Throws: `.badOption`.
  package init(
    parsing options: [String: String], defaults: FlowOptions, mount: String
  ) throws(MountError) {
    self = defaults
    for key in Self.keys {
      guard let text = options[key] ?? options[Self.alias(key)] else { continue }
      guard let accepted = read(key, text) else { continue }
      throw MountError(.badOption(key, value: text, accepted: accepted), mount: mount)
    }
  }

  /// Takes one option; when its value cannot be, returns what could.
  private mutating func read(_ key: String, _ text: String) -> String? {
    switch key {
    case "penstock.worker.ufs.bandwidth":
      guard let size = SizeText.parse(text) else { return "bytes per second, such as 100MB" }
      bandwidth = size > 0 ? size : nil
    case "penstock.worker.ufs.hedge.percentile":
      guard let share = NumberText.number(text), (0..<1).contains(share) else {
        return "a number from 0 to below 1"
      }
      hedgePercentile = share > 0 ? share : nil
    default:
      guard let number = NumberText.integer(text), let count = Int(exactly: number), count >= 0
      else { return "a number from 0" }
      take(count, for: key)
    }
    return nil
  }

  private mutating func take(_ count: Int, for key: String) {
    let bound = count > 0 ? count : nil
    switch key {
    case "alluxio.underfs.s3.threads.max": readCountMax = bound
    case "alluxio.underfs.s3.admin.threads.max": adminCountMax = bound
    case "alluxio.underfs.s3.upload.threads.max": writeCountMax = bound
    case "alluxio.underfs.s3.max.error.retry": attemptCountMax = min(count, 1000) + 1
    case "penstock.worker.ufs.host.requests.max": hostCountMax = bound
    default: attemptCountMax = bound
    }
  }
}
