// One request on the domain socket, from when it is sent until its answer is taken.

import LocalWire

/// A request in flight; everything but `file` and `destination` belongs to its connection's monitor.
@safe final class LocalTicket: @unchecked Sendable {
  // SAFETY: `answer` is written and read with the connection's monitor held; the rest never changes.

  /// The answer, once it is there.
  enum Answer {
    case frame(WorkerFrame)
    /// Bytes were copied to the destination.
    case data(count: Int)
    case failure(ClientError)
  }

  var answer: Answer?
  /// The pages of a LEASE that came so far.
  var pages: [LeasedPage] = []
  /// What an OPEN came to whose first page's lease is still to come.
  var opened: OpenedFrame?
  /// Takes leases as soon as they come, whoever receives them.
  let file: LocalFile?
  /// Where the bytes of a DATA go.
  let destination: UnsafeMutableRawBufferPointer?
  /// Whether it is an OPEN.
  let isOpening: Bool
  /// What an error speaks of.
  let thing: String

  init(
    _ thing: String, file: LocalFile? = nil, isOpening: Bool = false,
    destination: UnsafeMutableRawBufferPointer? = nil
  ) {
    self.isOpening = isOpening
    self.thing = thing
    self.file = file
    unsafe self.destination = unsafe destination
  }
}
