// A host and a port.

import Model

/// Where a node listens.
struct HDFSEndpoint: Sendable, Hashable, CustomStringConvertible {
  /// A name or a numeric address.
  let host: String
  /// The port.
  let port: UInt16

  /// An endpoint of its parts.
  init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Parses `host`, `host:port`, `[v6]:port`; nil for anything else.
  init?(_ text: String, defaultPort: UInt16) {
    let bytes = text.utf8
    var host = Substring(text)
    var port = defaultPort
    let isBracketed = bytes.first == UInt8(ascii: "[")
    if let colon = bytes.lastIndex(of: UInt8(ascii: ":")),
      !isBracketed || text[..<colon].utf8.last == UInt8(ascii: "]")
    {
      guard let number = UInt16(text[bytes.index(after: colon)...]), number > 0 else { return nil }
      (host, port) = (text[..<colon], number)
    }
    if isBracketed {
      guard host.utf8.last == UInt8(ascii: "]") else { return nil }
      host = host.dropFirst().dropLast()
    } else if host.utf8.contains(UInt8(ascii: ":")) {
      return nil
    }
    guard !host.isEmpty else { return nil }
    self.init(host: String(host), port: port)
  }

  var description: String {
    "\(host.bracketedHost):\(port)"
  }
}
