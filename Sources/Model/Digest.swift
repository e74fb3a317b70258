// SHA-256 as a value, and the hexadecimal text of bytes. No I/O.

import CLinux

/// A SHA-256 digest: 32 bytes.
package struct Digest256: Hashable, Sendable {
  /// The digest's bytes 0–7, 8–15, 16–23 and 24–31, each read big-endian.
  package let words: (UInt64, UInt64, UInt64, UInt64)

  /// The SHA-256 of `bytes`.
  package init(of bytes: UnsafeRawBufferPointer) {
    var out: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    // SAFETY: `out` is 32 bytes and lives for the call; a nil base address comes with length 0.
    unsafe withUnsafeMutableBytes(of: &out) { raw in
      unsafe pen_sha256(
        bytes.baseAddress, bytes.count, raw.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    words = (out.0.bigEndian, out.1.bigEndian, out.2.bigEndian, out.3.bigEndian)
  }

  /// The SHA-256 of the UTF-8 bytes of `text`.
  package init(of text: String) {
    var copy = text
    self = copy.withUTF8 { unsafe Digest256(of: UnsafeRawBufferPointer($0)) }
  }

  /// The digest written as 64 hexadecimal digits of either case, or nil when `hex` is anything else.
  package init?(hex: some StringProtocol) {
    var accumulated: [UInt64] = [0, 0, 0, 0]
    var count = 0
    for character in hex.utf8 {
      guard count < 64, let nibble = hexadecimalValue(of: character) else { return nil }
      accumulated[count / 16] = accumulated[count / 16] << 4 | UInt64(nibble)
      count += 1
    }
    guard count == 64 else { return nil }
    words = (accumulated[0], accumulated[1], accumulated[2], accumulated[3])
  }

  /// 64 lower-case hexadecimal digits.
  package var hex: String {
    unsafe String(unsafeUninitializedCapacity: 64) { buffer in
      for (place, word) in [words.0, words.1, words.2, words.3].enumerated() {
        unsafe writeHexadecimal(word, to: buffer, at: 16 * place)
      }
      return 64
    }
  }

  package static func == (left: Digest256, right: Digest256) -> Bool { left.words == right.words }

  package func hash(into hasher: inout Hasher) {
    // The digest is uniformly distributed already: one word is hash enough.
    hasher.combine(words.0)
  }
}
