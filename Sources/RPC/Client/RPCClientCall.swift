// A call as its client sees it.

import CGRPC

/// The client's end of a call.
// SAFETY: as RPCCall.
@safe final class RPCClientCall: RPCCall, @unchecked Sendable {
  /// Why a call failed, nil when it did not; to be asked after the end.
  var failure: RPCError? {
    let code = RPCStatusCode(rawValue: unsafe results.pointee.status.rawValue)
    if code == .ok { return nil }
    let message = unsafe withUnsafePointer(to: &results.pointee.details) { unsafe text(of: $0) }
    return RPCError(code ?? .unknown, message)
  }

  /// Carries out a whole unary call; the answer's bytes.
  func unary(_ request: [UInt8], _ options: RPCCallOptions) async throws(RPCError) -> [UInt8] {
    unsafe try open(options) { opening, tag in
      unsafe withMessage(request) { message in
        unsafe pen_rpc_start_unary(call, opening, message, results, tag)
      }
    }
    _ = await waitOrCancel(.open)
    if let failure { throw failure }
    guard let answer = takeMessage() else {
      throw RPCError(.internal, "the server ended the call without an answer")
    }
    return answer
  }

  /// Begins a stream, with its only request if there is one.
  func stream(_ request: [UInt8]?, _ options: RPCCallOptions) throws(RPCError) {
    unsafe try open(options) { opening, tag in
      if let request {
        return unsafe withMessage(request) { message in
          unsafe pen_rpc_start_open(call, opening, message, tag)
        }
      }
      return unsafe pen_rpc_start_open(call, opening, nil, tag)
    }
    let isStarted = unsafe start(.end) { tag in unsafe pen_rpc_start_status(call, results, tag) }
    guard isStarted else {
      cancel()
      throw Self.refused
    }
  }

  private static let refused = RPCError(
    .unavailable, "the call cannot begin: its engine has stopped")

  /// Begins `.open` with the metadata of `options`.
  private func open(
    _ options: RPCCallOptions,
    _ body: (UnsafePointer<pen_rpc_opening>, UnsafeMutableRawPointer) -> grpc_call_error
  ) throws(RPCError) {
    var entries: [grpc_metadata] = unsafe []
    defer {
      for index in unsafe entries.indices { unsafe pen_rpc_metadata_free(&entries[index]) }
    }
    for (key, value) in options.metadata {
      var entry = unsafe grpc_metadata()
      let bytes = Array(value.utf8)
      let isLegal = unsafe bytes.withUnsafeBytes {
        unsafe pen_rpc_metadata_make(&entry, key, $0.baseAddress, $0.count)
      }
      guard isLegal else {
        throw RPCError(.invalidArgument, "no metadata can be made of '\(key)' and its value")
      }
      unsafe entries.append(entry)
    }
    let isStarted = unsafe entries.withUnsafeMutableBufferPointer { buffer in
      var opening = unsafe pen_rpc_opening(
        metadata: buffer.baseAddress, metadata_count: buffer.count,
        waits_for_ready: options.waitsForReady)
      return unsafe start(.open) { tag in unsafe body(&opening, tag) }
    }
    guard isStarted else { throw Self.refused }
  }
}
