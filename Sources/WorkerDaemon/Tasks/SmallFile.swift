// A file of a line or two, read and written whole; blocks.

import Glibc
import Ring

/// The text of a small file; nil when there is none that can be read.
func readSmallFile(_ path: String) -> String? {
  let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard fd >= 0 else { return nil }
  defer { close(fd) }
  var bytes = [UInt8](repeating: 0, count: 4096)
  let count = unsafe read(fd, &bytes, bytes.count)
  return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
}

/// Writes a small file, whole or not at all.
///
/// - Throws: `.directory`, naming the file.
func writeSmallFile(_ path: String, _ text: String) throws(StartError) {
  let temporary = "\(path).part"
  let fd = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard fd >= 0 else { throw StartError(.directory, "\(temporary): \(errnoText(errno))") }
  defer { close(fd) }
  let bytes = Array(text.utf8)
  guard unsafe write(fd, bytes, bytes.count) == bytes.count, fsync(fd) == 0,
    unsafe rename(temporary, path) == 0
  else { throw StartError(.directory, "\(path): \(errnoText(errno))") }
}
