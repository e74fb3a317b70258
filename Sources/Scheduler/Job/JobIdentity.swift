// How people address a job: its type and a name.

import Model

/// A name of a job; at most one job that has not ended has it.
package struct JobIdentity: Hashable, Sendable {
  /// The first half of a digest of type, kind of name, and name.
  package let high: UInt64
  /// The second half.
  package let low: UInt64

  /// An identity from its halves.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  private init(_ type: JobType, _ kind: String, _ names: [String]) {
    let digest = Digest256(of: "\(type.word)\u{0}\(kind)\u{0}\(names.joined(separator: "\u{0}"))")
    self.init(high: digest.words.0, low: digest.words.1)
  }

  /// The identity by paths, in any order.
  package static func paths(_ type: JobType, _ paths: [String]) -> JobIdentity {
    JobIdentity(
      type, "paths", paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }

  /// The identity by index file.
  package static func index(_ type: JobType, _ path: String) -> JobIdentity {
    JobIdentity(type, "index", [path])
  }

  /// The identity by alias.
  package static func alias(_ type: JobType, _ alias: String) -> JobIdentity {
    JobIdentity(type, "alias", [alias])
  }

  /// The identity by source and destination.
  package static func transfer(
    _ type: JobType, source: String, destination: String
  ) -> JobIdentity {
    JobIdentity(type, "transfer", [source, destination])
  }

  /// Most significant byte first, 16 bytes.
  package var bytes: [UInt8] { WorkerIdentity(high: high, low: low).bytes }
}
