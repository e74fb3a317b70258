// An HTTP/1.1 proxy that stands before a real origin and does to its replies what networks and stores do.
//
//   client ──▶ FaultProxy (one thread, epoll) ──▶ origin on loopback
//
// It knows just enough HTTP to tell requests and replies apart; everything it is not told to spoil passes byte for byte.

package import DaemonDriver

import Glibc
import Synchronization

/// A proxy with a thread of its own; it stops when this goes away.
// SAFETY: the thread handle is only joined, once, at the end; everything else is behind the loop's lock.
@safe package final class FaultProxy: @unchecked Sendable {
  private let loop: ProxyLoop
  private var thread = pthread_t()
  private let waitCount = Atomic(0)

  /// Starts a proxy before the origin on that port of loopback.
  package init(originPort: UInt16, settings: ProxySettings = ProxySettings()) throws(DriverError) {
    loop = try ProxyLoop(originPort: originPort)
    loop.shared.withLock { $0.settings = settings }
    // SAFETY: the thread releases what is retained for it here.
    let context = unsafe Unmanaged.passRetained(loop)
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<ProxyLoop>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      unsafe context.release()
      throw .program("the proxy's thread cannot be started: errno \(code)")
    }
  }

  deinit {
    loop.stop()
    pthread_join(thread, nil)
  }

  /// Where it listens, on loopback.
  package var port: UInt16 { loop.port }

  /// The weather; a change holds for what comes after it.
  package var settings: ProxySettings {
    get { loop.shared.withLock { $0.settings } }
    set { loop.shared.withLock { $0.settings = newValue } }
  }

  /// Which request meets which fault, from now on.
  package func play(_ script: FaultScript) { loop.shared.withLock { $0.settings.script = script } }

  /// What was counted so far.
  package var counters: ProxyCounters { loop.shared.withLock { $0.counters } }

  /// The heads of the requests so far, up to a hundred thousand.
  package var requests: [ProxiedRequest] { loop.shared.withLock { $0.requests } }

  /// Waits until `count` requests for which `isMeant` have arrived since the start.
  ///
  /// - Returns: False when the task was cancelled before.
  package func arrival(
    of count: Int, where isMeant: @escaping @Sendable (ProxiedRequest) -> Bool
  ) async -> Bool {
    let id = waitCount.add(1, ordering: .relaxed).newValue
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.shared.withLock { shared in
          let missing = count - shared.requests.count(where: isMeant)
          if missing <= 0 || Task.isCancelled {
            return continuation.resume(returning: missing <= 0)
          }
          shared.waits.add(id, missing: missing, where: isMeant, continuation)
        }
      }
    } onCancel: {
      loop.shared.withLock { $0.waits.end(id) }
    }
  }
}
