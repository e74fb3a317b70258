// A call as its server sees it.

import CGRPC
import Ring
import Synchronization

/// The server's end of a call.
// SAFETY: as RPCCall; `sendsInitial` and `deadline` are the answering task's.
@safe final class RPCServerCall: RPCCall, @unchecked Sendable {
  /// The task that answers, and whether the call was cancelled before it was known.
  private struct Answering {
    var task: Task<Void, Never>?
    var isCancelled = false
  }

  let path: String
  /// The task's reactor.
  let reactor: Reactor
  private let deadline: gpr_timespec
  /// The only request of a method that takes one.
  private let request: [UInt8]?
  private var sendsInitial = true
  private let answering = Mutex(Answering())
  private let server: RPCServerCore
  /// Operations that outlive the handler and are not done.
  private let unsettled = Atomic<Int>(2)

  /// Takes over what arrived.
  init(
    arrival: UnsafeMutablePointer<pen_rpc_arrival>, call: OpaquePointer, path: String,
    queue: RPCQueue, server: RPCServerCore
  ) {
    self.path = path
    self.server = server
    reactor = server.nextReactor()
    unsafe deadline = arrival.pointee.deadline
    if let payload = unsafe arrival.pointee.payload {
      unsafe request = bytes(of: payload)
      unsafe grpc_byte_buffer_destroy(payload)
    } else {
      request = nil
    }
    unsafe super.init(call: call, queue: queue)
    // The arrival's array is ours from here on, and freed with the call.
    unsafe results.pointee.initial_metadata = arrival.pointee.metadata
  }

  /// Watches for the call's end and starts the task that answers; its end is told to `body` itself.
  func begin(_ body: @escaping @Sendable (RPCServerCall) async -> Void) {
    let isWatching = unsafe start(.end) { tag in unsafe pen_rpc_start_watch(call, results, tag) }
    if !isWatching {
      cancel()
      settle()
    }
    let task = Task(executorPreference: reactor) { await body(self) }
    let isCancelled = answering.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  override func complete(_ operation: RPCOperation, isOK: Bool) {
    if operation == .end, unsafe results.pointee.cancelled != 0 {
      let task = answering.withLock { state in
        state.isCancelled = true
        return state.task
      }
      // On the reactor: what the task's owners do when it is cancelled is not for the queue's thread.
      if let task { reactor.spawn { task.cancel() } }
    }
    super.complete(operation, isOK: isOK)
    if operation == .end || operation == .finish { settle() }
  }

  /// Whether the client has gone, or the deadline has passed.
  var isCancelled: Bool { answering.withLock { $0.isCancelled } }

  /// Time that is left; nil is for ever.
  var remaining: Duration? {
    let nanoseconds = pen_rpc_remaining(deadline)
    return nanoseconds >= UInt64(Int64.max) ? nil : .nanoseconds(Int64(nanoseconds))
  }

  /// The value of a metadata entry that came with the call.
  func metadata(_ key: String) -> String? {
    var size = 0
    guard
      let found = unsafe pen_rpc_metadata_find(&results.pointee.initial_metadata, key, &size)
    else { return nil }
    return unsafe String(decoding: UnsafeRawBufferPointer(start: found, count: size), as: UTF8.self)
  }

  /// The names that the client's certificate bears.
  var peerNames: [String] {
    var names: [String] = []
    while let name = unsafe pen_rpc_peer_name(call, names.count) {
      names.append(unsafe String(cString: name))
      unsafe gpr_free(name)
    }
    return names
  }

  /// The client's address, such as `ipv4:127.0.0.1:4711` or `unix:`.
  var peer: String {
    guard let peer = unsafe grpc_call_get_peer(call) else { return "" }
    defer { unsafe gpr_free(peer) }
    return unsafe String(cString: peer)
  }

  /// The message of a method that takes one.
  func onlyRequest<Request>(_ codec: RPCCodec<Request>) throws(RPCError) -> Request {
    guard let request else { throw RPCError(.invalidArgument, "\(path): no request came") }
    return try decode(request, codec)
  }

  /// The next message; nil when the client sends no more.
  func receive<Request>(_ codec: RPCCodec<Request>) async throws(RPCError) -> Request? {
    let isStarted = unsafe start(.receive) { tag in
      unsafe pen_rpc_start_receive(call, results, false, tag)
    }
    if isStarted { _ = await wait(.receive) }
    if isStarted, let bytes = takeMessage() { return try decode(bytes, codec) }
    // An end that the client did not mean is no end.
    guard isStarted, unsafe grpc_call_failed_before_recv_message(call) == 0, !isCancelled else {
      throw RPCError(.cancelled, "\(path): the client has gone")
    }
    return nil
  }

  private func decode<Request>(
    _ bytes: [UInt8], _ codec: RPCCodec<Request>
  ) throws(RPCError) -> Request {
    do throws(RPCError) {
      return try codec.decode(bytes)
    } catch {
      throw RPCError(.invalidArgument, "\(path): malformed request: \(error.message)")
    }
  }

  /// Sends a message; false when the client has gone.
  func send(_ bytes: [UInt8]) async -> Bool {
    let isStarted = unsafe start(.send) { tag in
      unsafe withMessage(bytes) { unsafe pen_rpc_start_send(call, $0, sendsInitial, tag) }
    }
    sendsInitial = false
    guard isStarted else { return false }
    return await wait(.send)
  }

  /// Ends the call with a status, and with a last message when there is one.
  ///
  /// Returns at once: the core goes on alone, and the server's count of calls falls when it is done.
  func finish(_ failure: RPCError?, message: [UInt8]? = nil) {
    let details = Array((failure?.message ?? "").utf8.prefix(4096))
    let status = grpc_status_code((failure?.code ?? .ok).rawValue)
    let isStarted = unsafe start(.finish) { tag in
      unsafe details.withUnsafeBytes { details in
        if let message {
          return unsafe withMessage(message) { message in
            unsafe pen_rpc_start_finish(
              call, message, sendsInitial, status, details.baseAddress, details.count, tag)
          }
        }
        return unsafe pen_rpc_start_finish(
          call, nil, sendsInitial, status, details.baseAddress, details.count, tag)
      }
    }
    if !isStarted {
      cancel()
      settle()
    }
  }

  /// Counts one of the two operations that outlive the handler, `.finish` and `.end`, as done.
  private func settle() {
    if unsettled.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { server.leave() }
  }
}
