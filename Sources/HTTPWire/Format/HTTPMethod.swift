// Request methods.

/// Method of a request.
package enum HTTPMethod: UInt8, Sendable, Hashable, CaseIterable {
  /// The methods HTTP defines, and any other token.
  case get, head, post, put, delete, options, patch, trace, connect, other

  /// The method whose token is `token`; methods are case-sensitive (RFC 9110 §9.1).
  @inline(__always)
  init(token: UnsafeRawBufferPointer) {
    switch token.count {
    case 3 where unsafe token.equals("GET"): self = .get
    case 3 where unsafe token.equals("PUT"): self = .put
    case 4 where unsafe token.equals("HEAD"): self = .head
    case 4 where unsafe token.equals("POST"): self = .post
    case 5 where unsafe token.equals("PATCH"): self = .patch
    case 5 where unsafe token.equals("TRACE"): self = .trace
    case 6 where unsafe token.equals("DELETE"): self = .delete
    case 7 where unsafe token.equals("OPTIONS"): self = .options
    case 7 where unsafe token.equals("CONNECT"): self = .connect
    default: self = .other
    }
  }
}
