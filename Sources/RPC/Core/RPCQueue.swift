// One completion queue of the core with the thread that polls it.
//
//   reactor: tag(owner, operation) ─▶ core ─▶ queue's thread: take back the reference, owner.complete(…)
//                                               └─▶ resumes the task, whose reactor takes all that came at its next turn
//
// A tag is the owner's address with the operation in its low bits; the core holds a reference meanwhile.

import CGRPC
import CLinux
import Glibc
import Synchronization

/// A completion queue and its thread.
// SAFETY: the core's queue may be used by all threads; the rest is of Synchronization types.
@safe final class RPCQueue: @unchecked Sendable {
  /// The core's queue; valid as long as this object.
  let queue: OpaquePointer
  private let outstanding = Atomic<Int>(0)
  private let thread = Mutex<pthread_t?>(nil)

  /// Tags that the core holds.
  var outstandingCount: Int { outstanding.load(ordering: .relaxed) }

  init() throws(RPCError) {
    guard let queue = unsafe grpc_completion_queue_create_for_next(nil) else {
      throw RPCError(.resourceExhausted, "no completion queue can be had")
    }
    unsafe self.queue = queue
  }

  deinit { unsafe grpc_completion_queue_destroy(queue) }

  /// Starts the thread.
  func start(index: Int) throws(RPCError) {
    var handle = pthread_t()
    let box = unsafe Unmanaged.passRetained(self)
    let rc = unsafe pthread_create(
      &handle, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<RPCQueue>.fromOpaque(argument).takeRetainedValue().poll()
        return nil
      }, box.toOpaque())
    guard rc == 0 else {
      unsafe box.release()
      // A queue is destroyed only after it was shut down and emptied.
      unsafe grpc_completion_queue_shutdown(queue)
      poll()
      throw RPCError(.resourceExhausted, "no thread for the queue \(index) can be had")
    }
    thread.withLock { $0 = handle }
  }

  /// Ends the thread once all tags have come back.
  func stop() {
    guard let handle = thread.withLock({ $0.take() }) else { return }
    unsafe grpc_completion_queue_shutdown(queue)
    pthread_join(handle, nil)
  }

  /// A tag for `operation` of `owner`, which lives until it comes back.
  func tag(_ owner: RPCTagOwner, _ operation: RPCOperation) -> UnsafeMutableRawPointer {
    outstanding.add(1, ordering: .relaxed)
    let address = unsafe Unmanaged.passRetained(owner).toOpaque()
    return unsafe address + Int(operation.rawValue)
  }

  /// Takes a tag back that the core did not want.
  func untag(_ owner: RPCTagOwner) {
    outstanding.subtract(1, ordering: .relaxed)
    unsafe Unmanaged.passUnretained(owner).release()
  }

  private func poll() {
    unsafe pen_thread_name("rpc-queue")
    let never = gpr_inf_future(GPR_CLOCK_MONOTONIC)
    while true {
      let event = unsafe grpc_completion_queue_next(queue, never, nil)
      if unsafe event.type == GRPC_QUEUE_SHUTDOWN { return }
      guard unsafe event.type == GRPC_OP_COMPLETE, let tag = unsafe event.tag else { continue }
      let bits = UInt(bitPattern: tag)
      // SAFETY: every tag was made by `tag`, and comes back once.
      guard let operation = RPCOperation(rawValue: bits & RPCOperation.mask),
        let address = unsafe UnsafeRawPointer(bitPattern: bits & ~RPCOperation.mask)
      else { continue }
      let owner = unsafe Unmanaged<RPCTagOwner>.fromOpaque(address).takeRetainedValue()
      outstanding.subtract(1, ordering: .relaxed)
      owner.complete(operation, isOK: unsafe event.success != 0)
    }
  }
}
