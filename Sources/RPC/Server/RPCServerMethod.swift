// A method that a server answers.

/// What a server knows of a method.
struct RPCServerMethod: Sendable {
  let path: String
  /// Whether the first message comes with the call: methods that take exactly one.
  let readsRequest: Bool
  /// Answers one call to its end.
  let run: @Sendable (RPCServerCall) async -> Void
}
