// Lines of an index file as its bytes come: plain, or gzip by its first two bytes.

/// A line of an index.
enum IndexLine: Equatable, Sendable {
  /// A path.
  case path(String)
  /// What is none, cut short, and why.
  case bad(String, reason: String)
}

/// Cuts bytes into lines.
struct IndexLines {
  /// Bytes of a line at most.
  static let sizeMax = 16_384
  /// Bytes of a bad line that are told.
  private static let sampleMax = 200

  private var line: [UInt8] = []
  private var isTooLong = false
  /// Lines that were found and not taken.
  private(set) var found: [IndexLine] = []

  /// Takes the lines that were found.
  mutating func take(max: Int) -> [IndexLine] {
    let taken = Array(found.prefix(max))
    found.removeFirst(taken.count)
    return taken
  }

  /// Adds bytes.
  mutating func add(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      append(rest[..<end])
      finish()
      rest = rest[(end + 1)...]
    }
    append(rest)
  }

  /// The file has ended: its last line needs no line feed.
  mutating func finish() {
    defer {
      line.removeAll(keepingCapacity: true)
      isTooLong = false
    }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    guard !line.isEmpty else { return }
    if isTooLong {
      found.append(.bad(sample, reason: "a line has more than \(Self.sizeMax) bytes"))
    } else if let text = String(validating: line, as: UTF8.self) {
      found.append(.path(text))
    } else {
      found.append(.bad(sample, reason: "a line is not UTF-8"))
    }
  }

  private var sample: String { String(decoding: line.prefix(Self.sampleMax), as: UTF8.self) }

  private mutating func append(_ bytes: ArraySlice<UInt8>) {
    let room = Self.sizeMax - line.count
    if bytes.count > room { isTooLong = true }
    line += bytes.prefix(room)
  }
}
