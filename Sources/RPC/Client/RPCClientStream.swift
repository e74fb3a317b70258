// A stream as its client sees it. One task may send while another receives.

import CGRPC

/// A call with a stream of messages in one or both directions.
///
/// A stream that is let go before its end is cancelled, also at the server.
// SAFETY: `sends` and `isOpening` are the sending task's, `hasReceived` the receiving task's; the call is thread-safe.
@safe
package final class RPCClientStream<Request: Sendable, Response: Sendable>: @unchecked Sendable {
  private let channel: RPCChannel
  private let call: RPCClientCall
  private let method: RPCMethod<Request, Response>
  private var sends: Bool
  private var isOpening = true
  private var hasReceived = false

  init(
    channel: RPCChannel, call: RPCClientCall, method: RPCMethod<Request, Response>, sends: Bool
  ) {
    self.channel = channel
    self.call = call
    self.method = method
    self.sends = sends
  }

  deinit { if !call.hasEnded(.end) { call.cancel() } }

  /// Sends a message; suspends while the server takes no more.
  ///
  /// Cancelling the task cancels the call.
  ///
  /// - Returns: False when the call has ended: `next` or `response` says how.
  /// - Throws: what the codec throws.
  package func send(_ message: Request) async throws(RPCError) -> Bool {
    precondition(sends, "messages are sent before the end of sending")
    let bytes = try method.request.encode(message)
    guard await hasOpened() else { return false }
    let isStarted = start(bytes)
    guard isStarted else { return false }
    return await call.waitOrCancel(.send)
  }

  private func start(_ bytes: [UInt8]) -> Bool {
    unsafe call.start(.send) { tag in
      unsafe withMessage(bytes) { unsafe pen_rpc_start_send(call.call, $0, false, tag) }
    }
  }

  /// Says that no more messages come.
  package func finishSending() async {
    precondition(sends, "sending ends once")
    sends = false
    guard await hasOpened() else { return }
    if unsafe call.start(.send, { tag in unsafe pen_rpc_start_close(call.call, tag) }) {
      _ = await call.waitOrCancel(.send)
    }
  }

  /// The first words of a stream go before its messages.
  private func hasOpened() async -> Bool {
    guard isOpening else { return true }
    isOpening = false
    return await call.waitOrCancel(.open)
  }

  /// The next message; nil when the server has ended the call well.
  ///
  /// Suspends; cancelling the task cancels the call.
  ///
  /// - Throws: what the server says, `.cancelled`, `.deadlineExceeded`, `.unavailable` when the connection is
  ///   lost, `.internal` for what is no message.
  package func next() async throws(RPCError) -> Response? {
    let isFirst = !hasReceived
    hasReceived = true
    let isStarted = unsafe call.start(.receive) { tag in
      unsafe pen_rpc_start_receive(call.call, call.results, isFirst, tag)
    }
    if isStarted { _ = await call.waitOrCancel(.receive) }
    if isStarted, let bytes = call.takeMessage() {
      do throws(RPCError) {
        return try method.response.decode(bytes)
      } catch {
        call.cancel()
        throw RPCError(.internal, "malformed answer of \(method.path): \(error.message)")
      }
    }
    _ = await call.waitOrCancel(.end)
    if let failure = call.failure { throw failure }
    return nil
  }

  /// Ends sending and waits for the only answer of a call whose requests are a stream.
  ///
  /// - Throws: as `next`; `.internal` when there is no answer or more than one.
  package func response() async throws(RPCError) -> Response {
    if sends { await finishSending() }
    guard let answer = try await next() else {
      throw RPCError(.internal, "the server ended the call without an answer")
    }
    guard try await next() == nil else {
      call.cancel()
      throw RPCError(.internal, "more than one answer of \(method.path)")
    }
    return answer
  }

  /// Ends the call wherever it is; callable from any task.
  package func cancel() { call.cancel() }
}
