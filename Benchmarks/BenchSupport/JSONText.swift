// Texts and numbers as JSON writes them.

/// `text` as a JSON string with its quotes.
package func jsonText(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    case "\u{0}"..<"\u{20}":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

/// `value` as a JSON number, a whole one without a fraction; null when it is none.
package func jsonNumber(_ value: Double) -> String {
  guard value.isFinite else { return "null" }
  // Beyond 2^53 a double has no fraction to leave out, and readers take the number for one anyway.
  return Int64(exactly: value).flatMap { $0.magnitude <= 1 << 53 ? "\($0)" : nil } ?? "\(value)"
}
