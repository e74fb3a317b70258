// Versions of files on web servers.
//
//   ETag: "abc"                              token "abc" with its quotes; sent back as If-Match
//   Last-Modified: Sun, 06 Nov 1994 …        token modified-784111777; sent back as If-Unmodified-Since
//   W/"abc" alone, or nothing                no version: the bytes could not be told apart
//
// A modification time counts whole seconds, and so does a tag made of one ("<hex time>-<hex length>", as nginx makes them): a
// second change within the second would leave it as it is. Such versions settle some seconds later.

import HTTPWire
import Model

/// From what a server says of a file to its version, and back to what is asked for.
enum HTTPFileVersion {
  private static let modifiedPrefix = "modified-"
  /// A second that may still run, and the difference between the server's clock and ours.
  private static let settleSeconds: Int64 = 2 + 5

  /// The version that a reply's head names for a file of `length` bytes; nil when it names none.
  static func version(_ head: HTTPResponseHead, length: Int64) -> FileVersion? {
    if let tag = head.field("ETag"), isStrong(tag) {
      return FileVersion(token: tag, length: length)
    }
    guard let seconds = modified(head) else { return nil }
    return FileVersion(token: "\(modifiedPrefix)\(seconds)", length: length)
  }

  /// Whether a reply's head names `version`; nil when it says nothing of it.
  static func matches(_ version: FileVersion, _ head: HTTPResponseHead) -> Bool? {
    if isStrong(version.token) {
      return head.field("ETag").map { isSameText($0, version.token) }
    }
    return modified(head).map { isSameText("\(modifiedPrefix)\($0)", version.token) }
  }

  /// The field that makes a server answer for `version` only; nil for a token that is none of ours.
  static func condition(_ version: FileVersion) -> (name: String, value: String)? {
    if isStrong(version.token) { return ("If-Match", version.token) }
    return modifiedSeconds(version.token).map { ("If-Unmodified-Since", HTTPDate.text($0)) }
  }

  /// When `version` identifies its bytes for good, in nanoseconds since the epoch; `Int64.min` when it always does.
  static func settleTime(of version: FileVersion) -> Int64 {
    guard let seconds = modifiedSeconds(version.token) ?? timeTag(version) else { return .min }
    let (sum, carry) = seconds.addingReportingOverflow(settleSeconds)
    let (time, overflow) = sum.multipliedReportingOverflow(by: 1_000_000_000)
    return carry || overflow ? .max : time
  }

  /// The modification time of a reply's head, in seconds since the epoch.
  static func modified(_ head: HTTPResponseHead) -> Int64? {
    guard var text = head.field("Last-Modified") else { return nil }
    return text.withUTF8 { unsafe HTTPDate.parse(UnsafeRawBufferPointer($0)) }
  }

  /// Whether `tag` is a strong entity tag that may be put into a header line.
  private static func isStrong(_ tag: String) -> Bool {
    let bytes = tag.utf8
    guard bytes.count > 2, bytes.count <= 512, bytes.first == UInt8(ascii: "\""),
      bytes.last == UInt8(ascii: "\"")
    else { return false }
    return bytes.dropFirst().dropLast().allSatisfy {
      $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"")
    }
  }

  private static func modifiedSeconds(_ token: String) -> Int64? {
    guard hasBytePrefix(token, modifiedPrefix) else { return nil }
    return Int64(Substring(token.utf8.dropFirst(modifiedPrefix.utf8.count)))
  }

  /// The modification time that a tag is made of; nil for other tags.
  private static func timeTag(_ version: FileVersion) -> Int64? {
    let parts = version.token.utf8.dropFirst().dropLast().split(separator: UInt8(ascii: "-"))
    guard parts.count == 2, let length = Int64(Substring(parts[1]), radix: 16),
      length == version.length
    else { return nil }
    return Int64(Substring(parts[0]), radix: 16)
  }
}
