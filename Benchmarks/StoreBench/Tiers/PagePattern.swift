// What the bench writes in its pages: every 4 KiB begins with the page and its place in it; the rest does not compress.

/// The bytes of bench pages.
enum PagePattern {
  /// The first word of unit `unit` of page `page`.
  static func word(page: Int, unit: Int) -> UInt64 {
    (UInt64(page) << 16 | UInt64(unit)) &* 0x9E37_79B9_7F4A_7C15
  }

  /// Writes all of a page.
  static func fill(_ bytes: UnsafeMutableRawBufferPointer, page: Int) {
    var state = word(page: page, unit: 1 << 15) | 1
    for offset in stride(from: 0, to: bytes.count / 8 * 8, by: 8) {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      unsafe bytes.storeBytes(of: state, toByteOffset: offset, as: UInt64.self)
    }
    unsafe mark(bytes, page: page)
  }

  /// Writes the first words of a page only.
  static func mark(_ bytes: UnsafeMutableRawBufferPointer, page: Int) {
    for unit in 0..<bytes.count / 4096 {
      unsafe bytes.storeBytes(
        of: word(page: page, unit: unit), toByteOffset: unit * 4096, as: UInt64.self)
    }
  }

  /// True when `bytes`, which begin at unit `first` of page `page`, have their first words.
  static func matches(_ bytes: UnsafeRawBufferPointer, page: Int, first: Int) -> Bool {
    (0..<bytes.count / 4096).allSatisfy { index in
      let found = unsafe bytes.load(fromByteOffset: index * 4096, as: UInt64.self)
      return found == word(page: page, unit: first + index)
    }
  }
}
