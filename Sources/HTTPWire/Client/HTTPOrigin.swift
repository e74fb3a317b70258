// Where a request goes: scheme, host and port. Connections are kept and shared per origin.

import Model

/// A server as a client names it.
package struct HTTPOrigin: Sendable, Hashable, CustomStringConvertible {
  /// Whether TLS is spoken.
  package let isSecure: Bool
  /// A name or a numeric address, in lower case and without brackets.
  package let host: String
  /// The TCP port.
  package let port: UInt16

  /// An origin of its parts; a `port` of nil is the scheme's own.
  package init(isSecure: Bool, host: String, port: UInt16? = nil) {
    self.isSecure = isSecure
    // Bytes, not characters: a name is compared as DNS and TLS see it.
    self.host = String(decoding: host.utf8.map(Self.lowercased), as: UTF8.self)
    self.port = port ?? (isSecure ? 443 : 80)
  }

  /// The origin of `authority`, which is `host`, `host:port`, `[v6]` or `[v6]:port`; nil when it is none of these.
  ///
  /// User names, empty hosts and ports that are not 1…65535 are refused.
  package init?(isSecure: Bool, authority: String) {
    let bytes = Array(authority.utf8)
    var host = bytes[...]
    var port: ArraySlice<UInt8>?
    if bytes.first == UInt8(ascii: "[") {
      guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      host = bytes[1..<end]
      guard host.contains(UInt8(ascii: ":")) else { return nil }
      let rest = bytes[(end + 1)...]
      if !rest.isEmpty {
        guard rest.first == UInt8(ascii: ":") else { return nil }
        port = rest.dropFirst()
      }
    } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
      host = bytes[..<colon]
      port = bytes[(colon + 1)...]
    }
    guard !host.isEmpty, host.count <= 253, host.allSatisfy(Self.isHostByte) else { return nil }
    var number: UInt16?
    if let port {
      guard port.count <= 5, port.allSatisfy({ ASCII.digit($0) != nil }),
        let value = UInt16(String(decoding: port, as: UTF8.self)), value > 0
      else { return nil }
      number = value
    }
    self.init(isSecure: isSecure, host: String(decoding: host, as: UTF8.self), port: number)
  }

  /// The `Host` field: the port is left out when it is the scheme's own.
  package var authority: String {
    let name = host.bracketedHost
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }

  package var description: String { "\(isSecure ? "https" : "http")://\(authority)" }

  /// Whether `byte` may stand in a name or a numeric address.
  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: ":"):
      true
    default: false
    }
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
  }
}
