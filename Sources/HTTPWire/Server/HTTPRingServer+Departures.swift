// Clients that leave while their request waits in the handler: nobody else would notice, as nothing is read or sent.
//
//   hung up, reset                    gone
//   ended their sending only (FIN)    a close or a half-close, which look alike:
//     nothing of the answer sent      a "100 Continue" is sent: who closed answers it with a reset, who listens ignores it
//     else, and HTTP/1.0              gone after five seconds without progress
//
// Looked for by the sweep, in one system call for all that have waited a while; a fast request costs nothing.

import CLinux
import Glibc
import Ring

extension HTTPRingServer {
  /// Nanoseconds that a handler is left alone.
  private static let patience: UInt64 = 200_000_000
  /// Nanoseconds that a client is waited for which has ended its sending and cannot be asked.
  private static let halfCloseGrace: UInt64 = 5_000_000_000
  /// poll.h's flag for a peer that has ended its sending; not in POSIX.
  private static let peerEnded: Int16 = 0x2000

  /// Whether `exchange` has waited in its handler for so long that it is worth a look.
  func isWaiting(_ exchange: HTTPExchange, now: UInt64) -> Bool {
    exchange.phase == .handling && !exchange.hasLeft
      && now &- min(exchange.phaseStart, now) >= Self.patience
  }

  /// Cancels the handlers of those of `waiting` whose client is gone.
  func lookForDepartures(_ waiting: [HTTPExchange], now: UInt64) {
    guard !waiting.isEmpty else { return }
    var polled = waiting.map { pollfd(fd: $0.fd, events: Self.peerEnded, revents: 0) }
    guard unsafe poll(&polled, nfds_t(polled.count), 0) > 0 else { return }
    for (exchange, entry) in zip(waiting, polled) where entry.revents != 0 {
      if Int32(entry.revents) & (POLLHUP | POLLERR | POLLNVAL) != 0 {
        exchange.leave()
      } else if entry.revents & Self.peerEnded != 0 {
        examine(exchange, now: now)
      }
    }
  }

  /// Finds out whether a client that sends no more still listens.
  private func examine(_ exchange: HTTPExchange, now: UInt64) {
    if exchange.isAsked { return }
    guard !exchange.hasBegun, exchange.request.minorVersion > 0 else {
      if now &- exchange.phaseStart >= Self.halfCloseGrace { exchange.leave() }
      return
    }
    exchange.isAsked = true
    exchange.owesContinue = false
    let text: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
    let sent = unsafe Glibc.send(
      exchange.fd, text.utf8Start, text.utf8CodeUnitCount, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
    )
    if sent != text.utf8CodeUnitCount { exchange.leave() }
  }
}

extension HTTPExchange {
  /// Notes that the client is gone, and cancels the handler's task.
  func leave() {
    hasLeft = true
    task?.cancel()
  }
}
