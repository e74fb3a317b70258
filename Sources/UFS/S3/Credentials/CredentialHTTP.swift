// Small requests to services that give out credentials.

import HTTPWire
import Ring

/// One client for metadata services and STS.
struct CredentialHTTP: Sendable {
  /// Most bytes of an answer.
  private static let replySizeMax = 64 << 10

  /// The client.
  let client: HTTPClient
  /// How long every answer may take, whatever its source says; nil leaves it to the source.
  var limit: Duration?

  /// An answer.
  struct Reply {
    /// The status.
    let status: UInt16
    /// The body.
    let body: [UInt8]
  }

  /// Where a URL leads: an origin and what goes into the request line; nil for what is no HTTP URL.
  static func split(_ url: String) -> (origin: HTTPOrigin, target: String)? {
    let isSecure: Bool
    var rest: Substring
    if url.hasPrefix("https://") {
      (isSecure, rest) = (true, url.dropFirst(8))
    } else if url.hasPrefix("http://") {
      (isSecure, rest) = (false, url.dropFirst(7))
    } else {
      return nil
    }
    let cut = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
    let target = rest[cut...]
    rest = rest[..<cut]
    guard let origin = HTTPOrigin(isSecure: isSecure, authority: String(rest)),
      target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    return (origin, target.isEmpty ? "/" : String(target))
  }

  /// Asks once.
  ///
  /// - Throws: `.unavailable` when there is no whole answer within `limit`.
  func ask(
    _ method: HTTPMethod, _ origin: HTTPOrigin, _ target: String,
    fields: [(name: String, value: String)] = [], body: String? = nil, within limit: Duration,
    for source: StaticString
  ) async throws(S3CredentialError) -> Reply {
    guard let reactor = Reactor.current else {
      preconditionFailure("credentials are asked for on a reactor's thread")
    }
    let deadline = reactor.now &+ (self.limit ?? limit).nanoseconds
    let bytes = Array((body ?? "").utf8)
    // SAFETY: the copy is freed after the answer's head is there, when the client needs it no longer.
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { unsafe copy.deallocate() }
    unsafe copy.copyBytes(from: bytes)
    let content: HTTPClientRequest.Body =
      unsafe body == nil ? .none : .bytes(UnsafeRawBufferPointer(copy))
    let request = HTTPClientRequest(
      method, origin, target: target, fields: fields, body: content, isIdempotent: true)
    do throws(HTTPClientError) {
      let response = try await client.send(request, deadline: deadline)
      return Reply(
        status: response.status, body: try await response.collect(max: Self.replySizeMax))
    } catch {
      throw S3CredentialError(.unavailable, source, "\(error)")
    }
  }
}
