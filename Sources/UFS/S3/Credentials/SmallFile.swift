// A small file read whole: credentials, tokens.

import CLinux
import Glibc

/// Files that are read whole.
enum SmallFile {
  /// The bytes of the file at `path`; nil when it is missing or unreadable, or larger than `sizeMax`.
  ///
  /// Blocking.
  static func read(_ path: String, sizeMax: Int = 1 << 20) -> [UInt8]? {
    let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    var bytes: [UInt8] = []
    while bytes.count <= sizeMax {
      var failed = false
      let part = unsafe [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
        let got = unsafe Glibc.read(fd, buffer.baseAddress, buffer.count)
        // Regular files are read without interruption; anything else that fails is no source.
        failed = got < 0
        count = max(0, got)
      }
      if failed { return nil }
      if part.isEmpty { return bytes }
      bytes.append(contentsOf: part)
    }
    return nil
  }

  /// The text of a file without blanks at its ends; nil when it cannot be read or is empty.
  ///
  /// Blocking.
  static func text(_ path: String) -> String? {
    guard let bytes = read(path), let text = String(validating: bytes, as: UTF8.self) else {
      return nil
    }
    let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
    guard let first = text.utf8.firstIndex(where: { !isBlank($0) }),
      let last = text.utf8.lastIndex(where: { !isBlank($0) })
    else { return nil }
    return String(text[first...last])
  }
}
