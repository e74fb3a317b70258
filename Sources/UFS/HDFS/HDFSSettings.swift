// The properties of Hadoop's configuration files that matter here.

import Model

/// Properties by name, with the options of a mount over those of files.
struct HDFSSettings: Sendable {
  /// The properties, unexpanded.
  private(set) var properties: [String: String] = [:]

  /// Variables inside variables that are followed.
  private static let depthMax = 20

  /// No properties.
  init() {}

  /// Sets a property; a later one wins.
  mutating func set(_ name: String, _ value: String) { properties[name] = value }

  /// A property's value with its `${variables}` replaced by other properties' values; nil when it is missing or blank.
  subscript(name: String) -> String? {
    guard let raw = properties[name] else { return nil }
    let value = Self.trimmed(expand(raw, depth: 0))
    return value.isEmpty ? nil : value
  }

  /// A list between commas.
  func list(_ name: String) -> [String] {
    (self[name] ?? "").utf8.split(separator: UInt8(ascii: ",")).map {
      Self.trimmed(String(Substring($0)))
    }
    .filter { !$0.isEmpty }
  }

  /// A truth value; nil for anything but `true` and `false`.
  func flag(_ name: String) -> Bool? { self[name].flatMap { Bool($0.lowercased()) } }

  /// A whole number.
  func number(_ name: String) -> Int64? { self[name].flatMap { Int64($0) } }

  /// A span in milliseconds, as bare numbers are.
  func milliseconds(_ name: String) -> Duration? {
    guard let value = number(name), value > 0, value < 1 << 40 else { return nil }
    return .milliseconds(value)
  }

  /// Bytes, with Hadoop's letters for powers of 1024.
  func size(_ name: String) -> Int64? {
    guard let text = self[name], let last = text.utf8.last else { return nil }
    let letters = Array("kmgtpe".utf8)
    guard let power = letters.firstIndex(of: last | 0x20) else { return Int64(text) }
    guard let number = Int64(text.dropLast()) else { return nil }
    let (size, overflow) = number.multipliedReportingOverflow(by: 1 << (10 * Int64(power + 1)))
    return overflow ? nil : size
  }

  /// The name nodes of a URI's authority: those of a name service, or the one host.
  func nameNodes(_ authority: String) -> [HDFSEndpoint]? {
    if list("dfs.nameservices").contains(where: { isSameText($0, authority) }) {
      let names = list("dfs.ha.namenodes.\(authority)")
      let keys =
        names.isEmpty
        ? ["dfs.namenode.rpc-address.\(authority)"]
        : names.map { "dfs.namenode.rpc-address.\(authority).\($0)" }
      var endpoints: [HDFSEndpoint] = []
      for key in keys {
        guard let text = self[key], let endpoint = HDFSEndpoint(text, defaultPort: 8020) else {
          return nil
        }
        endpoints.append(endpoint)
      }
      return endpoints
    }
    return HDFSEndpoint(authority, defaultPort: 8020).map { [$0] }
  }

  private func expand(_ text: String, depth: Int) -> String {
    guard depth < Self.depthMax, let start = text.firstRange(of: "${"),
      let end = text[start.upperBound...].firstIndex(of: "}")
    else { return text }
    let name = String(text[start.upperBound..<end])
    let rest = String(text[text.index(after: end)...])
    let value = properties[name].map { expand($0, depth: depth + 1) } ?? "${\(name)}"
    return text[..<start.lowerBound] + value + expand(rest, depth: depth + 1)
  }

  private static func trimmed(_ text: String) -> String {
    let blanks: Set<UInt8> = [9, 10, 13, 32]
    guard let first = text.utf8.firstIndex(where: { !blanks.contains($0) }),
      let last = text.utf8.lastIndex(where: { !blanks.contains($0) })
    else { return "" }
    return String(text[first...last])
  }
}
