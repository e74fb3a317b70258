// A request as the proxy saw it.

/// The head of one request.
package struct ProxiedRequest: Sendable {
  /// How many came before it.
  package let number: Int
  /// The method, such as `GET`.
  package let method: String
  /// The target as it was sent.
  package let target: String
  /// Header values by lower-case name.
  package let headers: [String: String]

  /// The first and last byte that `Range: bytes=a-b` asks for; nil without such a header.
  package var range: ClosedRange<Int>? {
    guard let text = headers["range"], text.hasPrefix("bytes=") else { return nil }
    let ends = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), last >= first else {
      return nil
    }
    return first...last
  }
}
