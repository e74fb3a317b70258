// The logical lines of a properties file: comments and blank lines gone, continuations joined.

/// An iterator over logical lines.
struct PropertiesLines: Sendable {
  /// The text.
  private let bytes: [UInt8]
  /// Index of the first byte of the next natural line.
  private var index: Int
  /// Natural lines seen so far.
  private var lineCount = 0

  /// One logical line, without the blanks it begins with; escapes are untouched.
  struct Line {
    /// Its bytes; never empty.
    var bytes: [UInt8]
    /// Number of its first natural line, from 1.
    let number: Int
  }

  /// An iterator at the start of `bytes`; a byte order mark is skipped.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    index = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// The next logical line, or nil at the end.
  mutating func next() -> Line? {
    while let natural = nextNatural() {
      guard let first = natural.first, first != UInt8(ascii: "#"), first != UInt8(ascii: "!") else {
        continue
      }
      var line = Line(bytes: Array(natural), number: lineCount)
      while Self.goesOn(line.bytes) {
        line.bytes.removeLast()
        guard let more = nextNatural() else { break }
        line.bytes += more
      }
      if !line.bytes.isEmpty { return line }
    }
    return nil
  }

  /// The next natural line without leading blanks and its terminator (LF, CR or CR LF).
  private mutating func nextNatural() -> ArraySlice<UInt8>? {
    guard index < bytes.count else { return nil }
    lineCount += 1
    let end = bytes[index...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
    let line = bytes[index..<end].drop { ASCII.isBlank($0) }
    index = end + 1
    if index < bytes.count, bytes[end] == 0x0D, bytes[index] == 0x0A { index += 1 }
    return line
  }

  /// True when an odd number of backslashes ends `bytes`.
  ///
  /// Only the bytes joined last can matter: those before ended in an even number.
  private static func goesOn(_ bytes: [UInt8]) -> Bool {
    bytes.reversed().prefix { $0 == UInt8(ascii: "\\") }.count % 2 == 1
  }
}
