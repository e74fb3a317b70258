// A call on either of its ends: the core's call, what the core writes for it, and who waits for which operation.
//
// States of each operation:  idle ─start─▶ running ─▶ ended ─start─▶ running …
//                                             └─wait─▶ waited for ─▶ ended (and resumed)

import CGRPC
import Synchronization

/// A call, with at most one operation of each kind in flight.
// SAFETY: the core's calls are thread-safe but for their counts, which only init and deinit touch; `results` is written
// by the core before it gives the tag back and read by whoever waited for that tag.
@safe class RPCCall: RPCTagOwner, @unchecked Sendable {
  /// Where an operation is.
  @safe private enum Slot {
    case idle
    case running
    case waited(UnsafeContinuation<Bool, Never>)
    case ended(isOK: Bool)
  }

  let queue: RPCQueue
  let call: OpaquePointer
  let results: UnsafeMutablePointer<pen_rpc_results>
  private let slots = Mutex<InlineArray<6, Slot>>(InlineArray(repeating: .idle))

  /// Takes over the reference to `call`, whose completions come to `queue`.
  init(call: OpaquePointer, queue: RPCQueue) {
    unsafe self.call = call
    self.queue = queue
    unsafe results = pen_rpc_results_create()
  }

  deinit {
    unsafe grpc_call_unref(call)
    unsafe pen_rpc_results_free(results)
  }

  /// Begins `operation`; false when the core refuses it.
  func start(
    _ operation: RPCOperation, _ body: (UnsafeMutableRawPointer) -> grpc_call_error
  ) -> Bool {
    slots.withLock { slots in
      switch slots[Int(operation.rawValue)] {
      case .idle, .ended: slots[Int(operation.rawValue)] = .running
      case .running, .waited:
        preconditionFailure("one task sends, one receives: an operation ends before the next")
      }
    }
    let error = unsafe body(queue.tag(self, operation))
    guard error != GRPC_CALL_OK else { return true }
    queue.untag(self)
    slots.withLock { $0[Int(operation.rawValue)] = .ended(isOK: false) }
    return false
  }

  /// Waits for the end of `operation`, which was begun; true when it succeeded.
  ///
  /// One task at a time may wait for an operation. Once ended it may be asked again and again.
  func wait(_ operation: RPCOperation) async -> Bool {
    await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
      let ended: Bool? = slots.withLock { slots in
        switch slots[Int(operation.rawValue)] {
        case .running:
          unsafe slots[Int(operation.rawValue)] = .waited(continuation)
          return nil
        case .ended(let isOK): return isOK
        case .idle, .waited: preconditionFailure("one task waits for an operation that was begun")
        }
      }
      if let ended { unsafe continuation.resume(returning: ended) }
    }
  }

  /// As `wait`, and cancels the call when the task is cancelled meanwhile.
  func waitOrCancel(_ operation: RPCOperation) async -> Bool {
    await withTaskCancellationHandler {
      await wait(operation)
    } onCancel: {
      cancel()
    }
  }

  /// Whether `operation` has ended.
  func hasEnded(_ operation: RPCOperation) -> Bool {
    slots.withLock {
      if case .ended = $0[Int(operation.rawValue)] { true } else { false }
    }
  }

  /// Ends the call wherever it is; callable from any thread, any number of times.
  func cancel() {
    _ = unsafe grpc_call_cancel(call, nil)
  }

  override func complete(_ operation: RPCOperation, isOK: Bool) {
    let waiting: UnsafeContinuation<Bool, Never>? = unsafe slots.withLock { slots in
      defer { slots[Int(operation.rawValue)] = .ended(isOK: isOK) }
      if case .waited(let continuation) = slots[Int(operation.rawValue)] {
        return unsafe continuation
      }
      return nil
    }
    if let waiting = unsafe waiting { unsafe waiting.resume(returning: isOK) }
  }

  /// The message that came, nil when there is none.
  ///
  /// Takes it: the next message has room.
  func takeMessage() -> [UInt8]? {
    guard let message = unsafe results.pointee.message else { return nil }
    unsafe results.pointee.message = nil
    defer { unsafe grpc_byte_buffer_destroy(message) }
    return unsafe bytes(of: message)
  }
}

/// The bytes of a message.
func bytes(of message: UnsafeMutablePointer<grpc_byte_buffer>) -> [UInt8] {
  let size = unsafe grpc_byte_buffer_length(message)
  return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    count = unsafe pen_rpc_message_copy(message, buffer.baseAddress, size)
  }
}

/// Calls `body` with a message of `bytes`, which exists until it returns.
func withMessage<T>(
  _ bytes: [UInt8], _ body: (UnsafeMutablePointer<grpc_byte_buffer>?) -> T
) -> T {
  let message = unsafe bytes.withUnsafeBytes {
    unsafe pen_rpc_message_create($0.baseAddress, $0.count)
  }
  defer { unsafe grpc_byte_buffer_destroy(message) }
  return unsafe body(message)
}

/// The text of a slice; what is not UTF-8 is repaired.
func text(of slice: UnsafePointer<grpc_slice>) -> String {
  let bytes = unsafe UnsafeRawBufferPointer(
    start: pen_rpc_slice_bytes(slice), count: pen_rpc_slice_size(slice))
  return unsafe String(decoding: bytes, as: UTF8.self)
}
