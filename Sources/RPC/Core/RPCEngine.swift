// The threads of a process that wait for the gRPC core: a few completion queues, each with a thread of its own.

import CGRPC
import Ring
import Synchronization

/// The completion queues that servers and channels share.
package final class RPCEngine: Sendable {
  /// Starts the library; it stays for as long as the process.
  private static let library: Void = pen_rpc_library_start()

  let queues: [RPCQueue]
  private let turn = Atomic<Int>(0)
  private let isStopping = Atomic<Bool>(false)

  /// Starts `threads` queues with a thread each.
  ///
  /// - Throws: `.resourceExhausted` when a thread or queue cannot be had.
  package init(threads: Int = 1) throws(RPCError) {
    precondition(threads > 0, "an engine has a thread")
    _ = Self.library
    var started: [RPCQueue] = []
    for index in 0..<threads {
      do throws(RPCError) {
        let queue = try RPCQueue()
        try queue.start(index: index)
        started.append(queue)
      } catch {
        for queue in started { queue.stop() }
        throw error
      }
    }
    queues = started
  }

  /// Operations that the core has in flight; 0 once all channels and servers are gone.
  package var outstandingCount: Int { queues.reduce(0) { $0 + $1.outstandingCount } }

  /// Ends the threads once everything in flight has ended.
  ///
  /// Call from a thread that is no reactor's, when servers are stopped and channels are no longer
  /// used; a call that is begun afterwards fails as `.unavailable`.
  package func stop() {
    precondition(Reactor.current == nil, "a reactor's thread never blocks")
    isStopping.store(true, ordering: .relaxed)
    for queue in queues { queue.stop() }
  }

  /// Whether `stop` was called.
  var isStopped: Bool { isStopping.load(ordering: .relaxed) }

  /// The queue for a call from the current thread: a reactor's is always the same.
  func queue() -> RPCQueue {
    let index = Reactor.current?.index ?? turn.add(1, ordering: .relaxed).newValue
    return queues[Int(UInt(bitPattern: index) % UInt(queues.count))]
  }
}
