// The parameters of a request other than its path, read with the leniency clients need and no more.

import Model

/// Named parameters of a request; the first of a repeated name counts, unknown names are ignored.
package struct RESTParameters: Equatable {
  private var values: [String: String] = [:]

  /// No parameters.
  package init() {}

  /// The parameters of a form-encoded query: `+` is a space, `%XX` a byte.
  package init(form query: ArraySlice<UInt8>) {
    for segment in query.split(separator: UInt8(ascii: "&")) { add(segment: segment) }
  }

  /// The text of `name`, or nil when it did not come.
  package func text(_ name: String) -> String? { values[name] }

  /// The boolean `name`, `absent` when it did not come; `true` and `false` in any case.
  ///
  /// - Throws: 400 for any other text.
  package func boolean(_ name: String, absent: Bool = false) throws(RESTProblem) -> Bool {
    guard let text = values[name], !text.isEmpty else { return absent }
    switch text.lowercased() {
    case "true": return true
    case "false": return false
    default: throw .badParameter(name, "must be true or false, not '\(text)'")
    }
  }

  /// The whole number `name`, not negative, or nil when it did not come.
  ///
  /// - Throws: 400 for anything but decimal digits, and for a number above the largest 64-bit integer.
  package func count(_ name: String) throws(RESTProblem) -> Int64? {
    guard let text = values[name], !text.isEmpty else { return nil }
    return try Self.count(text, named: name)
  }

  /// The number written in `text`, which came as `name`.
  ///
  /// - Throws: 400 as ``count(_:)``.
  package static func count(_ text: String, named name: String) throws(RESTProblem) -> Int64 {
    var value: Int64 = 0
    guard !text.isEmpty else { throw .badParameter(name, "is empty") }
    for byte in text.utf8 {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else {
        throw .badParameter(name, "must be a whole number that is not negative, not '\(text)'")
      }
      let (product, tooHigh) = value.multipliedReportingOverflow(by: 10)
      let (sum, stillTooHigh) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
      guard !tooHigh, !stillTooHigh else { throw .badParameter(name, "is too large: '\(text)'") }
      value = sum
    }
    return value
  }

  /// Adds one `name=value` segment of a query, decoded as a form field; the first of a name stays.
  package mutating func add(segment: ArraySlice<UInt8>) {
    let split = segment.firstIndex(of: UInt8(ascii: "=")) ?? segment.endIndex
    let name = PathCoding.utf8Text(PathCoding.decodeForm(segment[..<split]))
    let rest = split < segment.endIndex ? segment[(split + 1)...] : []
    guard let name, values[name] == nil else { return }
    // A value that is no text is kept empty: only paths need refusing, and they are read elsewhere.
    values[name] = PathCoding.utf8Text(PathCoding.decodeForm(rest)) ?? ""
  }
}
