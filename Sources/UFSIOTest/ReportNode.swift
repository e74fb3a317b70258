// JSON as existing tools print it: two spaces, ` : ` between name and value.

/// A value of the report; members keep their order.
enum ReportNode {
  case text(String)
  case integer(Int64)
  case number(Double)
  case truth(Bool)
  case list([ReportNode])
  case object([(name: String, value: ReportNode)])

  /// The value as JSON text, indented.
  func json(depth: Int = 0) -> String {
    let inner = String(repeating: "  ", count: depth + 1)
    switch self {
    case .text(let text): return Self.quoted(text)
    case .integer(let value): return "\(value)"
    case .number(let value): return value.isFinite ? "\(value)" : "0.0"
    case .truth(let value): return value ? "true" : "false"
    case .list(let items):
      guard !items.isEmpty else { return "[ ]" }
      return "[ " + items.map { $0.json(depth: depth) }.joined(separator: ", ") + " ]"
    case .object(let members):
      guard !members.isEmpty else { return "{ }" }
      let lines = members.map {
        "\(inner)\(Self.quoted($0.name)) : \($0.value.json(depth: depth + 1))"
      }
      return "{\n\(lines.joined(separator: ",\n"))\n\(inner.dropLast(2))}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\u{0}"..<"\u{20}", "\u{7f}":
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
