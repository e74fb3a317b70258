// Small text files of the kernel (sysfs, procfs, cgroupfs) and the formats inside them.

import Glibc

/// Reads the small text files in which the kernel tells its configuration.
package enum SystemText {
  /// The file's text without surrounding white space, or nil when it cannot be read; at most 64
  /// KiB.
  ///
  /// Blocks.
  package static func read(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count < 64 << 10 {
      let part = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
        count = unsafe max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
      }
      if part.isEmpty { break }
      bytes += part
    }
    return trim(String(decoding: bytes, as: UTF8.self))
  }

  /// The numbers of a kernel list such as `0-3,8,10-11`, ascending; nil when the text is not such a list.
  package static func list(_ text: String, limit: Int = 1 << 20) -> [Int]? {
    var numbers: Set<Int> = []
    for part in text.split(separator: ",") {
      let ends = trim(String(part)).split(separator: "-", omittingEmptySubsequences: false)
      guard ends.count <= 2, let low = ends.first.flatMap({ Int($0) }), low >= 0 else { return nil }
      guard let high = ends.count == 2 ? Int(ends[1]) : low, high >= low else { return nil }
      guard high < limit else { return nil }
      numbers.formUnion(low...high)
    }
    return numbers.sorted()
  }

  private static func trim(_ text: String) -> String {
    let isSpace = { (character: Character) in character.isWhitespace }
    guard let first = text.firstIndex(where: { !isSpace($0) }),
      let last = text.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(text[first...last])
  }
}
