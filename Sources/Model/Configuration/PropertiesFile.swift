// Java's properties syntax.
//
//   # comment   ! comment
//   key = value      key: value      key value
//   long.key = first, \
//              second                      a line that ends in an odd number of \ goes on
//   \t \n \r \f \uXXXX                     other escaped characters stand for themselves
//
// Bytes are UTF-8. Nothing in a file can trap: a line out of form becomes a fault with its number.

/// The entries of a text in Java's properties syntax.
package struct PropertiesFile: Sendable {
  /// The entries in their order, duplicates included.
  package private(set) var entries: [Entry] = []
  /// The lines that could not be read.
  package private(set) var faults: [Fault] = []

  /// One entry.
  package struct Entry: Sendable, Hashable {
    /// The key, escapes replaced; never empty.
    package let name: String
    /// The value, escapes replaced.
    package let text: String
    /// Number of its first line, from 1.
    package let line: Int
  }

  /// One line out of form.
  package struct Fault: Sendable, Hashable {
    /// Number of the first line of the entry, from 1.
    package let line: Int
    /// What is wrong.
    package let reason: String
  }

  /// The entries of `bytes`.
  package init(parsing bytes: [UInt8]) {
    var lines = PropertiesLines(bytes)
    while let line = lines.next() { read(line) }
  }

  /// Adds the entry of a logical line.
  private mutating func read(_ line: PropertiesLines.Line) {
    let bytes = line.bytes
    let nameEnd = Self.nameEnd(bytes)
    var valueStart = Self.skipBlanks(bytes, nameEnd)
    if valueStart < bytes.count, Self.isSeparator(bytes[valueStart]) {
      valueStart = Self.skipBlanks(bytes, valueStart + 1)
    }
    switch (Self.unescape(bytes[..<nameEnd]), Self.unescape(bytes[valueStart...])) {
    case (.success(let name), .success(let text)):
      guard !name.isEmpty else { return fail(line, "the line has no key") }
      entries.append(Entry(name: name, text: text, line: line.number))
    case (.failure(let fault), _), (_, .failure(let fault)): fail(line, fault.rawValue)
    }
  }

  private mutating func fail(_ line: PropertiesLines.Line, _ reason: String) {
    faults.append(Fault(line: line.number, reason: reason))
  }

  /// Index of the first unescaped blank, `=` or `:`.
  private static func nameEnd(_ bytes: [UInt8]) -> Int {
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\\") {
        index += 2
      } else if isSeparator(bytes[index]) || ASCII.isBlank(bytes[index]) {
        return index
      } else {
        index += 1
      }
    }
    return bytes.count
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":")
  }

  private static func skipBlanks(_ bytes: [UInt8], _ start: Int) -> Int {
    bytes[start...].firstIndex { !ASCII.isBlank($0) } ?? bytes.count
  }

  /// Why a text cannot be read.
  private enum TextFault: String, Error {
    case badEscape = "\\u needs four hexadecimal digits"
    case loneSurrogate = "\\u escapes half of a surrogate pair"
    case notUTF8 = "the text is not UTF-8"
    case zeroByte = "the text has a zero byte"
  }

  /// `bytes` with escapes replaced, as text.
  private static func unescape(_ bytes: ArraySlice<UInt8>) -> Result<String, TextFault> {
    var out: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        out.append(byte)
        continue
      }
      // A backslash that ends the file stands for nothing, as in Java.
      guard index < bytes.endIndex else { break }
      let escaped = bytes[index]
      index += 1
      if escaped == UInt8(ascii: "u") {
        do throws(TextFault) {
          out += try character(bytes, &index)
        } catch {
          return .failure(error)
        }
      } else {
        out.append(control(escaped) ?? escaped)
      }
    }
    guard !out.contains(0) else { return .failure(.zeroByte) }
    guard let text = String(validating: out, as: UTF8.self) else { return .failure(.notUTF8) }
    return .success(text)
  }

  /// The control character that `\byte` stands for, or nil.
  private static func control(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "r"): 0x0D
    default: nil
    }
  }

  /// The UTF-8 of the `\uXXXX` escape, or pair of them, whose digits begin at `index`.
  private static func character(
    _ bytes: ArraySlice<UInt8>, _ index: inout Int
  ) throws(TextFault) -> [UInt8] {
    var units = [try codeUnit(bytes, &index)]
    if UTF16.isLeadSurrogate(units[0]) {
      guard bytes[index...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
        throw .loneSurrogate
      }
      index += 2
      units.append(try codeUnit(bytes, &index))
    }
    guard let text = String(validating: units, as: UTF16.self) else { throw .loneSurrogate }
    return Array(text.utf8)
  }

  /// The four hexadecimal digits at `index`, consumed.
  private static func codeUnit(
    _ bytes: ArraySlice<UInt8>, _ index: inout Int
  ) throws(TextFault) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard index < bytes.endIndex, let digit = hexadecimalValue(of: bytes[index]) else {
        throw .badEscape
      }
      unit = unit << 4 | UInt16(digit)
      index += 1
    }
    return unit
  }
}
