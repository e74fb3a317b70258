// Host names in places where a colon means that a port follows.

extension String {
  /// This host as URLs and addresses with a port take it: in brackets when it has a colon (IPv6).
  package var bracketedHost: String {
    utf8.contains(UInt8(ascii: ":")) ? "[\(self)]" : self
  }
}
