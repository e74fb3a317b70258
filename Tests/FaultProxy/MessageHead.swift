// The head of an HTTP/1.1 message: read, changed line by line, and written again with everything else as it was.

/// A start line and header lines.
struct MessageHead {
  /// The first line.
  private(set) var start: String
  /// Names as they were sent, and values.
  private(set) var fields: [(name: String, value: String)]

  /// The head in `bytes`, which end with the empty line; nil when it is no head.
  init?(_ bytes: some Collection<UInt8>) {
    let lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\r\n", omittingEmptySubsequences: false)
    guard let first = lines.first, !first.isEmpty else { return nil }
    start = String(first)
    fields = []
    for line in lines.dropFirst() where !line.isEmpty {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      fields.append((String(line[..<colon]), String(value)))
    }
  }

  /// The value of a field by its lower-case name.
  subscript(name: String) -> String? {
    fields.first { $0.name.lowercased() == name }?.value
  }

  /// All values by lower-case name.
  var values: [String: String] {
    Dictionary(fields.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" }
  }

  /// Gives a field that is there another value; nil takes it away.
  mutating func change(_ name: String, to value: String?) {
    guard let index = fields.firstIndex(where: { $0.name.lowercased() == name }) else { return }
    if let value { fields[index].value = value } else { fields.remove(at: index) }
  }

  /// The head as bytes, the empty line included.
  var bytes: [UInt8] {
    Array(
      (start + "\r\n" + fields.map { "\($0.name): \($0.value)\r\n" }.joined() + "\r\n").utf8)
  }

  /// The number of bytes of `buffer` up to and with the first empty line; nil while it is not there.
  static func end(in buffer: [UInt8]) -> Int? {
    guard buffer.count >= 4 else { return nil }
    for index in 3..<buffer.count where buffer[index] == 10 {
      if buffer[index - 1] == 13, buffer[index - 2] == 10, buffer[index - 3] == 13 {
        return index + 1
      }
    }
    return nil
  }
}
