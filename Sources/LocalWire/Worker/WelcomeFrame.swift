// WELCOME: what the worker grants.

package import Model

/// The answer to a greeting; the lease table's descriptor comes with it, and the window's when there is one.
package struct WelcomeFrame: Sendable, Equatable {
  /// How the client gets at pages in memory.
  package enum Mode: UInt16, Sendable {
    /// It maps the arenas.
    case shared = 0
    /// Pages are copied into its window.
    case copy = 1
  }

  /// The version that both will speak.
  package let version: UInt16
  /// How the client gets at pages in memory.
  package let mode: Mode
  /// Bytes of a full page.
  package let pageSize: UInt32
  /// Slots of the lease table.
  package let leases: UInt32
  /// Milliseconds after which a lease ends unless it is renewed.
  package let term: UInt32
  /// Milliseconds after which it ends in any case.
  package let holdMax: UInt32
  /// Requests that may be in flight.
  package let requests: UInt32
  /// Bytes of the window; 0 for none.
  package let window: UInt64
  /// Who the worker is.
  package let worker: WorkerIdentity
  /// The cluster's name.
  package let cluster: String

  /// A grant of its parts.
  package init(
    version: UInt16, mode: Mode, pageSize: UInt32, leases: UInt32, term: UInt32, holdMax: UInt32,
    requests: UInt32, window: UInt64, worker: WorkerIdentity, cluster: String
  ) {
    self.version = version
    self.mode = mode
    self.pageSize = pageSize
    self.leases = leases
    self.term = term
    self.holdMax = holdMax
    self.requests = requests
    self.window = window
    self.worker = worker
    self.cluster = cluster
  }

  init(_ reader: inout FrameReader) throws(LocalWireError) {
    version = try reader.word16("version")
    guard let mode = Mode(rawValue: try reader.word16("mode")) else {
      throw LocalWireError(.value, "mode")
    }
    self.mode = mode
    pageSize = try reader.word32("page size")
    guard pageSize > 0 else { throw LocalWireError(.value, "page size") }
    leases = try reader.word32("leases")
    guard leases <= UInt32(LeaseMark.countMax) else { throw LocalWireError(.tooMany, "leases") }
    term = try reader.word32("term")
    holdMax = try reader.word32("longest hold")
    requests = try reader.word32("requests")
    window = try reader.word64("window")
    guard window <= 1 << 46 else { throw LocalWireError(.value, "window") }
    // A worker has an identity, though it may be one of zeros in a test.
    worker = try reader.identity("worker") ?? WorkerIdentity(high: 0, low: 0)
    let size = Int(try reader.word16("length of cluster"))
    try reader.zero16("reserved")
    cluster = try reader.text(size, "cluster")
  }

  func write(to writer: inout FrameWriter) {
    writer.word16(version)
    writer.word16(mode.rawValue)
    writer.word32(pageSize)
    writer.word32(leases)
    writer.word32(term)
    writer.word32(holdMax)
    writer.word32(requests)
    writer.word64(window)
    writer.identity(worker)
    let cluster = cut(cluster, to: 1024)
    writer.word16(UInt16(clamping: cluster.utf8.count))
    writer.word16(0)
    writer.text(cluster)
  }
}
