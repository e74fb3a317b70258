// HELLO: who calls, and what for.

package import Model

/// The first frame of a connection.
package struct HelloFrame: Sendable, Equatable {
  /// The bytes `PENSHORT`.
  static let magic: UInt64 = 0x5452_4F48_534E_4550

  /// Versions of the protocol that the client speaks.
  package let versions: ClosedRange<UInt16>
  /// Lease slots wanted; 0 for the default.
  package let leases: UInt32
  /// Bytes of window wanted; 0 for none.
  package let window: UInt64
  /// The worker that is meant; nil for any.
  package let worker: WorkerIdentity?
  /// The cluster that is meant; empty for any.
  package let cluster: String

  /// A greeting of its parts.
  package init(
    versions: ClosedRange<UInt16> = 1...1, leases: UInt32, window: UInt64,
    worker: WorkerIdentity? = nil, cluster: String = ""
  ) {
    self.versions = versions
    self.leases = leases
    self.window = window
    self.worker = worker
    self.cluster = cluster
  }

  init(_ reader: inout FrameReader) throws(LocalWireError) {
    guard try reader.word64("magic") == HelloFrame.magic else {
      throw LocalWireError(.magic, "magic")
    }
    let lowest = try reader.word16("lowest version")
    let highest = try reader.word16("highest version")
    guard lowest <= highest else { throw LocalWireError(.value, "highest version") }
    versions = lowest...highest
    leases = try reader.word32("leases")
    window = try reader.word64("window")
    worker = try reader.identity("worker")
    cluster = try reader.text(Int(try reader.word16("length of cluster")), "cluster")
  }

  func write(to writer: inout FrameWriter) {
    writer.word64(HelloFrame.magic)
    writer.word16(versions.lowerBound)
    writer.word16(versions.upperBound)
    writer.word32(leases)
    writer.word64(window)
    writer.identity(worker)
    let cluster = cut(cluster, to: 1024)
    writer.word16(UInt16(clamping: cluster.utf8.count))
    writer.text(cluster)
  }
}
