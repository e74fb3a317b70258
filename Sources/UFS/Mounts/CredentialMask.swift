// What people see of text in which a user may have written a password.
//
//   s3://user:secret@bucket/x  ──▶  s3://******@bucket/x

/// `text` without what stands before an `@`, where URIs have users and passwords.
///
/// A local path is shown whole.
package func masked(_ text: String) -> String {
  if hasBytePrefix(text, "/") || hasBytePrefix(text, "file:") { return text }
  let bytes = text.utf8
  // The last one: a password may hold slashes and an @ of its own.
  guard let end = bytes.lastIndex(of: UInt8(ascii: "@")) else { return text }
  var start = bytes.startIndex
  if let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon < end,
    hasBytePrefix(String(text[bytes.index(after: colon)...]), "//")
  {
    start = bytes.index(colon, offsetBy: 3)
  }
  return start <= end ? "\(text[..<start])******\(text[end...])" : text
}
