// The file that lists what a job could not do (compat §7.8): one line a file, path TAB reason.

/// Names and lines of lists of failed files.
package enum FailedList {
  /// Bytes of a name that come from the path at most: names of files have 255.
  private static let nameSizeMax = 200

  /// The name of a job's list: its path with `_` for what does not belong into a name, and when it ended, in UTC.
  package static func name(of record: JobRecord) -> String {
    let path =
      switch record.specification.target {
      case .paths(let paths): paths.first ?? ""
      case .index(let path): path
      case .transfer(let source, _), .indexedTransfer(_, let source, _): source
      }
    let clean = path.utf8.suffix(nameSizeMax).map { isPlain($0) ? $0 : UInt8(ascii: "_") }
    let date = DateText.fileName(record.endedAt ?? record.submittedAt)
    return "\(String(decoding: clean, as: UTF8.self))_\(date)"
  }

  /// The line of a file, its end included; a line feed or tab in path or reason becomes a space.
  package static func line(_ file: FailedFile) -> String {
    "\(flat(file.path))\t\(flat(file.reason))\n"
  }

  private static func flat(_ text: String) -> String {
    String(decoding: text.utf8.map { $0 < 0x20 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
