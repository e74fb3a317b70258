// The name of a method and the types that it takes and gives.

/// One method of a service.
package struct RPCMethod<Request: Sendable, Response: Sendable>: Sendable {
  /// `/package.Service/Method`.
  package let path: String
  /// Whether carrying it out twice is the same as once, so that a failed call may be tried again.
  package let isIdempotent: Bool
  /// How its messages become bytes.
  package let request: RPCCodec<Request>
  package let response: RPCCodec<Response>

  /// A method of its parts.
  package init(
    _ path: String, isIdempotent: Bool = false, request: RPCCodec<Request>,
    response: RPCCodec<Response>
  ) {
    precondition(path.utf8.first == UInt8(ascii: "/"), "a method's path begins with a slash")
    self.path = path
    self.isIdempotent = isIdempotent
    self.request = request
    self.response = response
  }
}
