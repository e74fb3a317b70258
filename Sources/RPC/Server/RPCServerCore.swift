// The started part of a server: the core's server, the calls that run, and its end.

import CGRPC
import Ring
import Synchronization

/// A server that was started.
// SAFETY: the core's server may be used by all threads; the counts are behind a Mutex.
@safe final class RPCServerCore: RPCTagOwner, @unchecked Sendable {
  /// Calls that run, and who waits for them to end or for the core's shutdown.
  @safe fileprivate struct State {
    var running = 0
    var isShutDown = false
    var hasRefused: UInt64 = 0
    var waiter: UnsafeContinuation<Void, Never>?
  }

  let server: OpaquePointer
  private let reactors: [Reactor]
  private let callCountMax: Int
  private let turn = Atomic<Int>(0)
  private let state = Mutex(State())

  /// Takes over `server`.
  init(server: OpaquePointer, reactors: [Reactor], callCountMax: Int) {
    unsafe self.server = server
    self.reactors = reactors
    self.callCountMax = callCountMax
  }

  deinit { unsafe grpc_server_destroy(server) }

  /// Calls that run now.
  var runningCount: Int { state.withLock { $0.running } }
  /// Calls that were refused because too many ran.
  var refusedCount: UInt64 { state.withLock { $0.hasRefused } }

  /// Reactors take turns.
  func nextReactor() -> Reactor {
    let next = turn.add(1, ordering: .relaxed).newValue
    return reactors[Int(UInt(bitPattern: next) % UInt(reactors.count))]
  }

  /// Runs a call's handler, or says why there is none.
  func answer(_ call: RPCServerCall, _ method: RPCServerMethod?) {
    let isAdmitted = state.withLock { state in
      state.running += 1
      guard state.running > callCountMax else { return true }
      state.hasRefused += 1
      return false
    }
    call.begin { call in
      if !isAdmitted {
        call.finish(RPCError(.resourceExhausted, "too many calls are running"))
      } else if let method {
        await method.run(call)
      } else {
        call.finish(RPCError(.unimplemented, "no method \(call.path)"))
      }
    }
  }

  /// Counts a call as done: its handler has said its last word, and the core has sent it.
  func leave() {
    let waiter: UnsafeContinuation<Void, Never>? = unsafe state.withLock { state in
      state.running -= 1
      return unsafe state.takeWaiterIfIdle()
    }
    if let waiter = unsafe waiter { unsafe waiter.resume() }
  }

  /// Lets nobody in, waits for the calls that run, and cancels those that are left after `limit`.
  ///
  /// Returns when all handlers have ended.
  func stop(within limit: Duration, queue: RPCQueue) async {
    unsafe grpc_server_shutdown_and_notify(server, queue.queue, queue.tag(self, .arrival))
    let reactor = reactors[0]
    let timer = Task(executorPreference: reactor) {
      let isOver = await reactor.sleep(for: limit)
      if isOver { unsafe grpc_server_cancel_all_calls(self.server) }
    }
    await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let waiter: UnsafeContinuation<Void, Never>? = unsafe state.withLock { state in
        unsafe state.waiter = continuation
        return unsafe state.takeWaiterIfIdle()
      }
      if let waiter = unsafe waiter { unsafe waiter.resume() }
    }
    timer.cancel()
    await timer.value
  }

  /// Ends a server that could not be started; the core lets go of it when it has.
  func abandon(queue: RPCQueue) {
    unsafe grpc_server_shutdown_and_notify(server, queue.queue, queue.tag(self, .arrival))
  }

  override func complete(_ operation: RPCOperation, isOK: Bool) {
    let waiter: UnsafeContinuation<Void, Never>? = unsafe state.withLock { state in
      state.isShutDown = true
      return unsafe state.takeWaiterIfIdle()
    }
    if let waiter = unsafe waiter { unsafe waiter.resume() }
  }
}

extension RPCServerCore.State {
  /// Who waits for the end, when that has come.
  fileprivate mutating func takeWaiterIfIdle() -> UnsafeContinuation<Void, Never>? {
    guard isShutDown, running == 0 else { return nil }
    return unsafe waiter.take()
  }
}
