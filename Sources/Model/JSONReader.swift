// Reads JSON text (RFC 8259), strictly: one value, UTF-8, no comments, no name twice. Bounded in depth, so that no text
// can exhaust the stack.

/// A text that is no JSON: what is wrong, and where.
package struct JSONProblem: Error, Equatable, CustomStringConvertible {
  /// What is wrong.
  package let what: String
  /// 1-based line and column, counted in bytes.
  package let line: Int
  package let column: Int

  package var description: String { "line \(line), column \(column): \(what)" }
}

/// A cursor over JSON text.
package struct JSONReader {
  /// Arrays and objects that may be open at a time.
  private static let depthMax = 64

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The value that `bytes` are the text of.
  ///
  /// - Throws: the first thing that is wrong.
  package static func parse(_ bytes: [UInt8]) throws(JSONProblem) -> JSONValue {
    var reader = JSONReader(bytes)
    let value = try reader.value()
    reader.skipBlanks()
    guard reader.position == bytes.count else { throw reader.problem("text after the value") }
    return value
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func problem(_ what: String) -> JSONProblem {
    let before = bytes[..<min(position, bytes.count)]
    let lines = before.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return JSONProblem(what: what, line: lines.count, column: (lines.last?.count ?? 0) + 1)
  }

  private mutating func skipBlanks() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func value() throws(JSONProblem) -> JSONValue {
    skipBlanks()
    guard let next else { throw problem("the text ends where a value is due") }
    switch next {
    case UInt8(ascii: "{"):
      return try nested { (reader) throws(JSONProblem) in try reader.object() }
    case UInt8(ascii: "["):
      return try nested { (reader) throws(JSONProblem) in try reader.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default:
      for (word, value) in Self.words where bytes[position...].starts(with: word) {
        position += word.count
        return value
      }
      throw problem("a value is due here")
    }
  }

  private static let words: [([UInt8], JSONValue)] = [
    (Array("true".utf8), .boolean(true)), (Array("false".utf8), .boolean(false)),
    (Array("null".utf8), .null),
  ]

  private mutating func nested(
    _ body: (inout JSONReader) throws(JSONProblem) -> JSONValue
  ) throws(JSONProblem) -> JSONValue {
    guard depth < Self.depthMax else { throw problem("nested more than \(Self.depthMax) deep") }
    depth += 1
    position += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(JSONProblem) -> JSONValue {
    var members: [JSONValue.Member] = []
    var names: Set<[UInt8]> = []
    skipBlanks()
    if take(UInt8(ascii: "}")) { return .object([]) }
    while true {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else { throw problem("a name in quotes is due here") }
      let name = try string()
      guard names.insert(Array(name.utf8)).inserted else {
        throw problem("the name \"\(name)\" is there twice")
      }
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw problem("a colon is due after a name") }
      members.append(JSONValue.Member(name: name, value: try value()))
      skipBlanks()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "}")) else { throw problem("a comma or } is due here") }
      return .object(members)
    }
  }

  private mutating func array() throws(JSONProblem) -> JSONValue {
    var elements: [JSONValue] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return .array([]) }
    while true {
      elements.append(try value())
      skipBlanks()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "]")) else { throw problem("a comma or ] is due here") }
      return .array(elements)
    }
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func number() throws(JSONProblem) -> JSONValue {
    let start = position
    _ = take(UInt8(ascii: "-"))
    let isZero = next == UInt8(ascii: "0")
    let count = digits()
    guard count > 0, !isZero || count == 1 else { throw problem("this is no number") }
    if take(UInt8(ascii: ".")), digits() == 0 { throw problem("digits are due after the point") }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits() > 0 else { throw problem("digits are due in the exponent") }
    }
    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func string() throws(JSONProblem) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let valid = String(validating: text, as: UTF8.self) else {
          throw problem("this is not UTF-8")
        }
        return valid
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw problem("a control character must be escaped")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw problem("a string has no end")
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F,
    UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A,
    UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
  ]

  private mutating func escape(into text: inout [UInt8]) throws(JSONProblem) {
    position += 1
    guard let byte = next else { throw problem("a string has no end") }
    position += 1
    if let plain = Self.escapes[byte] { return text.append(plain) }
    guard byte == UInt8(ascii: "u") else { throw problem("there is no such escape") }
    var code = try hexadecimal()
    if (0xD800..<0xDC00).contains(code) {
      guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
        throw problem("half of a surrogate pair")
      }
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low) else { throw problem("half of a surrogate pair") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw problem("half of a surrogate pair") }
    text += Array(String(Character(scalar)).utf8)
  }

  private mutating func hexadecimal() throws(JSONProblem) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = hexadecimalValue(of: byte) else {
        throw problem("four hexadecimal digits are due after \\u")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
