// A penstockd that is started again and again on the same directories.

import DaemonDriver
import Glibc

/// One life of a worker with a small memory tier, an SSD volume and an HDD volume.
final class CrashWorker {
  /// Bytes of the tiers, fastest first: all of them hold less than so many files, about 0.8 MiB each.
  static func quotas(fileCount: Int) -> [(tier: String, bytes: Int)] {
    [("MEM", 160 << 10), ("SSD", 270 << 10), ("HDD", 380 << 10)].map { ($0, $1 * fileCount) }
  }

  /// What a life is started with.
  struct Variant {
    let policy: String
    let verify: String

    /// One of all variants.
    init(_ generator: inout SampleGenerator) {
      policy = ["LRU", "LFU", "FIFO", "S3FIFO"][Int.random(in: 0..<4, using: &generator)]
      verify = ["always", "first-touch"][Int.random(in: 0..<2, using: &generator)]
    }
  }

  /// How full a tier is.
  struct Fullness {
    let tier: String
    let quota: Int
    let used: Int
  }

  /// Where it listens.
  let ports: DaemonPorts
  /// What it was started with.
  let variant: Variant
  /// When it was executed.
  let start = ContinuousClock.now
  private let quotas: [(tier: String, bytes: Int)]
  private let process: ChildProcess
  private let log: String

  /// Executes `daemon` on the directories below `base`; does not wait for anything.
  init(_ daemon: String, data: CrashData, base: String, _ variant: Variant) throws(DriverError) {
    self.variant = variant
    quotas = Self.quotas(fileCount: data.count)
    ports = try .free()
    log = "\(base)/log"
    unsafe unlink(log)
    var settings = [
      "--mount", "/data=file://\(data.folder)", "-Dalluxio.worker.ufs.status.validity=0s",
      "-Dalluxio.worker.page.store.page.size=256KB",
      "-Dalluxio.worker.ramdisk.size=\(quotas[0].bytes)",
      "-Dalluxio.worker.tieredstore.levels=\(quotas.count)",
      "-Dalluxio.worker.page.store.evictor.type=\(variant.policy)",
      "-Dpenstock.worker.page.store.verify=\(variant.verify)",
    ]
    for (index, (tier, bytes)) in quotas.enumerated().dropFirst() {
      let level = "-Dalluxio.worker.tieredstore.level\(index)."
      settings += [
        "\(level)alias=\(tier)", "\(level)dirs.path=\(base)/\(tier)", "\(level)dirs.quota=\(bytes)",
      ]
    }
    process = try ChildProcess(
      [daemon] + DaemonProcess.options(ports, work: "\(base)/work") + settings,
      output: log, errors: log)
  }

  /// Sends SIGKILL; returns when the process is gone.
  func kill() {
    process.signal(SIGKILL)
    _ = process.wait(.seconds(10))
  }

  /// Waits for /readyz to answer 200; returns the time since the start.
  func waitUntilReady(_ limit: Duration) throws(DriverError) -> Duration {
    try wait(limit, "ready") { isReady(ports.web) }
  }

  /// Waits until the pages of all volumes are entered; returns the time since the start.
  func waitUntilRestored(_ limit: Duration) throws(DriverError) -> Duration {
    try wait(limit, "restored") { () throws(DriverError) in
      let volumes = try readSamples("penstock_volume_restored", port: ports.web)
      return volumes.count == quotas.count - 1 && volumes.values.allSatisfy { $0 == 1 }
    }
  }

  /// How full each tier says it is.
  func fullness() throws(DriverError) -> [Fullness] {
    let response = try HTTPConnection(port: ports.web).request("GET", "/v1/cache/status")
    guard response.status == 200, let list = response.text.firstRange(of: "\"volumes\":[") else {
      throw .malformed("/v1/cache/status: \(response.status) \(response.text)")
    }
    let parts = response.text[list.upperBound...].prefix { $0 != "]" }.split(separator: "{")
    let tiers = parts.compactMap { part -> Fullness? in
      guard let tier = textValue("tier", in: String(part)),
        let quota = integerValue("quotaBytes", in: String(part)),
        let used = integerValue("usedBytes", in: String(part))
      else { return nil }
      return Fullness(tier: tier, quota: quota, used: used)
    }
    guard tiers.count == quotas.count else {
      throw .malformed("/v1/cache/status: \(response.text)")
    }
    return tiers
  }

  /// What the daemon logged.
  var logText: String { (try? readText(log)) ?? "" }

  private func wait(
    _ limit: Duration, _ what: String, _ isThere: () throws(DriverError) -> Bool
  ) throws(DriverError) -> Duration {
    while ContinuousClock.now - start < limit {
      guard process.isRunning else {
        throw .program("penstockd ended with \(process.status?.description ?? "?"): \(logText)")
      }
      if try isThere() { return ContinuousClock.now - start }
      _ = process.wait(.milliseconds(1))
    }
    throw .program("penstockd was not \(what) in \(limit): \(logText)")
  }
}
