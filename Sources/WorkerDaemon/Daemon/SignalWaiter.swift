// Signals of the daemon, taken one by one on the main thread; no handler runs code in between.

import Glibc

/// The signals that a daemon obeys.
package enum SignalWaiter {
  /// What a signal asks for.
  package enum Request: Sendable, Equatable {
    /// SIGTERM or SIGINT: finish what is in flight and exit.
    case stop
    /// SIGHUP: read the configuration's log settings again.
    case reload
  }

  /// Blocks the signals in the calling thread and in all threads it starts; call before any thread starts.
  ///
  /// A socket that breaks is an errno here, never a SIGPIPE.
  package static func block() {
    var set = signals()
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    _ = signal(SIGPIPE, SIG_IGN)
  }

  /// Waits for the next signal.
  package static func next() -> Request {
    var set = signals()
    var number: Int32 = 0
    while true {
      guard unsafe sigwait(&set, &number) == 0 else { continue }
      return number == SIGHUP ? .reload : .stop
    }
  }

  private static func signals() -> sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&set, number) }
    return set
  }
}
