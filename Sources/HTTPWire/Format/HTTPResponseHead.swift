// A parsed reply head: the status, the fields that decide how the body ends, and a look-up for the rest.

/// Head of a reply; owns its bytes.
package struct HTTPResponseHead: Sendable {
  /// The three digits, 100…599.
  package internal(set) var status: UInt16 = 0
  /// Minor version: 0 or 1.
  package internal(set) var minorVersion: UInt8 = 1
  /// The body's length in bytes as stated; nil when it was not.
  package internal(set) var contentLength: Int64?
  /// Whether the body comes in chunks.
  package internal(set) var isChunked = false
  /// Whether the server keeps the connection open after the reply.
  package internal(set) var keepAlive = true
  /// Number of header lines.
  package internal(set) var fieldCount = 0
  /// Size of the head in bytes, the final empty line included.
  package internal(set) var length = 0
  /// The header lines, without the status line.
  var lines: [UInt8] = []

  /// An empty head.
  package init() {}

  /// Whether it announces another head of the same reply.
  package var isInterim: Bool { status < 200 }

  /// The trimmed value of the first header line called `name`, in any case; nil without one.
  ///
  /// What is not UTF-8 becomes the replacement character. Scans the head: O(its length).
  package func field(_ name: String) -> String? {
    var found: String?
    unsafe forEachField { lineName, value in
      guard unsafe Self.isSame(lineName, name.utf8) else { return true }
      found = unsafe value.text
      return false
    }
    return found
  }

  /// Calls `body` with the name and the trimmed value of each header line in order, until it returns false.
  package func forEachField(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool) {
    unsafe lines.withUnsafeBytes { unsafe HTTPHeadLines.forEachField(in: $0, body) }
  }

  /// Whether the bytes of a name and `other` are the same in any case.
  private static func isSame(_ name: UnsafeRawBufferPointer, _ other: String.UTF8View) -> Bool {
    guard name.count == other.count else { return false }
    return unsafe zip(name, other).allSatisfy { folded($0) == folded($1) }
  }

  private static func folded(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
  }
}
