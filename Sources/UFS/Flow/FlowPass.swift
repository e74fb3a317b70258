// The right to have one request in flight.

import Synchronization

/// One request's slots; dropped, it ends as failed.
package struct FlowPass: ~Copyable, Sendable {
  private let control: FlowControl
  private var ticket: FlowTicket
  private var isOpen = true
  private var isResting = false
  /// The pause that the store asked for, if it did.
  package var retryAfter: Duration?

  init(control: FlowControl, ticket: FlowTicket) {
    self.control = control
    self.ticket = ticket
  }

  deinit {
    guard isOpen else { return }
    if isResting { control.wake(ticket) }
    control.finish(ticket, .failed)
  }

  /// The first byte of a good answer came: a long body need not end before the window learns of it.
  package mutating func answered() {
    guard !ticket.isAnswered else { return }
    control.answer(ticket)
    ticket.isAnswered = true
  }

  /// Waits until the mount's bandwidth allows `bytes` more of a stream; returns early when the task is cancelled.
  ///
  /// Who is no demand waits on while demand takes the line meanwhile.
  package func pace(_ bytes: Int64) async {
    let now = control.clock.now()
    var (wait, mark) = control.core.withLock { $0.pace(ticket, bytes, now: now) }
    while wait > 0 {
      guard await control.clock.sleep(.nanoseconds(Int64(clamping: wait))),
        ticket.purpose != .demand
      else { return }
      (wait, mark) = control.core.withLock { $0.overtaken(ticket.lane, since: mark) }
      if wait < Self.overtakenMin { return }
    }
  }

  /// Nanoseconds that are not worth another wait.
  private static let overtakenMin: UInt64 = 1_000_000

  /// Gives the slots back while nobody reads the stream, which stays open.
  ///
  /// A stream that held slots while its reader waits for another one's request could wait for ever.
  package mutating func rest() {
    guard !isResting else { return }
    isResting = true
    control.rest(ticket)
  }

  /// Takes slots again for a stream that is read on; does not wait, and may exceed bounds by as many streams.
  package mutating func wake() {
    guard isResting else { return }
    isResting = false
    control.wake(ticket)
  }

  /// Ends the request.
  package consuming func finish(_ outcome: FlowOutcome) {
    wake()
    isOpen = false
    control.finish(ticket, outcome)
  }
}
