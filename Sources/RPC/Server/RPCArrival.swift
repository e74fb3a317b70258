// A standing request to the core for the next call of a method. Answered on a queue's thread, which hands the call to a
// reactor and asks for the next one at once.

import CGRPC

/// One outstanding request for a call.
// SAFETY: the memory is the core's between `post` and `complete`, and the completing thread's in between.
@safe final class RPCArrival: RPCTagOwner, @unchecked Sendable {
  private let server: RPCServerCore
  private let queue: RPCQueue
  /// The method that calls are of; nil takes calls of methods that nobody answers.
  private let method: RPCServerMethod?
  private let handle: UnsafeMutableRawPointer?
  private let arrival: UnsafeMutablePointer<pen_rpc_arrival>

  init(
    server: RPCServerCore, queue: RPCQueue, method: RPCServerMethod?,
    handle: UnsafeMutableRawPointer?
  ) {
    self.server = server
    self.queue = queue
    self.method = method
    unsafe self.handle = handle
    unsafe arrival = .allocate(capacity: 1)
    unsafe arrival.initialize(to: pen_rpc_arrival())
    unsafe pen_rpc_arrival_clear(arrival)
  }

  deinit {
    unsafe grpc_metadata_array_destroy(&arrival.pointee.metadata)
    unsafe grpc_call_details_destroy(&arrival.pointee.details)
    unsafe arrival.deallocate()
  }

  /// Asks for a call.
  func post() {
    let error = unsafe pen_rpc_request_call(
      server.server, handle, method?.readsRequest ?? false, arrival, queue.queue,
      queue.tag(self, .arrival))
    // Refused only when the server is shutting down.
    if error != GRPC_CALL_OK { queue.untag(self) }
  }

  override func complete(_ operation: RPCOperation, isOK: Bool) {
    guard isOK, let call = unsafe arrival.pointee.call else { return }
    if method == nil { unsafe arrival.pointee.deadline = arrival.pointee.details.deadline }
    let path =
      unsafe method?.path
      ?? withUnsafePointer(to: &arrival.pointee.details.method) {
        unsafe text(of: $0)
      }
    let answered = unsafe RPCServerCall(
      arrival: arrival, call: call, path: path, queue: queue, server: server)
    unsafe grpc_call_details_destroy(&arrival.pointee.details)
    unsafe pen_rpc_arrival_clear(arrival)
    post()
    server.answer(answered, method)
  }
}
