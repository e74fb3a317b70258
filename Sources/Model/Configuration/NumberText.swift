// Integers, decimal numbers and booleans as text.

/// The textual forms of plain numbers and truth values.
package enum NumberText {
  /// The decimal integer that `text` states, with an optional sign; nil when it is none.
  package static func integer(_ text: some StringProtocol) -> Int64? {
    Int64(text.asciiTrimmed)
  }

  /// The finite number that `text` states in decimal notation; nil when it is none.
  ///
  /// `NaN`, `inf` and hexadecimal forms are refused.
  package static func number(_ text: some StringProtocol) -> Double? {
    let trimmed = text.asciiTrimmed
    let permitted = trimmed.utf8.allSatisfy { byte in
      ASCII.digit(byte) != nil || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
        || byte == UInt8(ascii: "+") || ASCII.lowercased(byte) == UInt8(ascii: "e")
    }
    guard permitted, let value = Double(trimmed), value.isFinite else { return nil }
    return value
  }

  /// `true` or `false` in any case; nil for anything else.
  package static func boolean(_ text: some StringProtocol) -> Bool? {
    switch text.asciiTrimmed.lowercased() {
    case "true": true
    case "false": false
    default: nil
    }
  }
}
