// A source of files whose every byte is a function of file, version and place, so that any page tells whose it is.

package import Model

/// Files that change versions; their bytes are computed, never stored.
///
/// Confined to the thread of its simulation.
package final class SimUFS: @unchecked Sendable {
  /// One version of one file.
  package struct File: Sendable, Hashable {
    /// Number of the file.
    package let number: Int
    /// Number of the version.
    package let version: Int
    /// Bytes of this version.
    package let length: Int

    /// The key of this file at this version.
    package var key: FileKey {
      FileKey(high: SimRandom.mix(UInt64(number) &+ 1), low: SimRandom.mix(UInt64(version) &+ 77))
    }

    private var salt: UInt64 { SimRandom.mix(key.high ^ key.low &* 31) }

    /// The eight bytes at word `index` of the file.
    @inline(__always)
    private static func word(_ salt: UInt64, _ index: Int) -> UInt64 {
      (salt ^ UInt64(truncatingIfNeeded: index)) &* 0x9E37_79B9_7F4A_7C15 ^ salt >> 7
    }

    /// Writes the file's bytes from `offset`, a multiple of 8, over `buffer`.
    package func fill(_ buffer: UnsafeMutableRawBufferPointer, from offset: Int) {
      let (salt, first) = (salt, offset / 8)
      var done = 0
      while done + 8 <= buffer.count {
        buffer.storeBytes(
          of: File.word(salt, first + done / 8), toByteOffset: done, as: UInt64.self)
        done += 8
      }
      withUnsafeBytes(of: File.word(salt, first + done / 8)) { word in
        for index in done..<buffer.count { buffer[index] = word[index - done] }
      }
    }

    /// The place in `bytes` of the first that is not the file's at `offset` plus that place; nil when all are right.
    package func mismatch(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int? {
      let salt = salt
      var index = 0
      while index < bytes.count, (offset + index) % 8 != 0 {
        if bytes[index] != File.byte(salt, offset + index) { return index }
        index += 1
      }
      while index + 8 <= bytes.count {
        let found = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if found != File.word(salt, (offset + index) / 8) { break }
        index += 8
      }
      while index < bytes.count {
        if bytes[index] != File.byte(salt, offset + index) { return index }
        index += 1
      }
      return nil
    }

    private static func byte(_ salt: UInt64, _ offset: Int) -> UInt8 {
      UInt8(truncatingIfNeeded: word(salt, offset / 8) >> UInt64(8 * (offset % 8)))
    }
  }

  /// The files as they are now.
  package private(set) var files: [File]
  /// Reads that fail, per million.
  package var errorRate = 0
  private var random: SimRandom
  private let lengthMax: Int

  /// `count` files of at most `lengthMax` bytes, many of them short.
  package init(count: Int, lengthMax: Int, random: SimRandom) {
    self.random = random
    self.lengthMax = lengthMax
    files = []
    for number in 0..<count { files.append(File(number: number, version: 0, length: length())) }
  }

  private func length() -> Int {
    switch random.below(5) {
    case 0: 1 + random.below(4096)
    case 1: 1 + random.below(64 << 10)
    case 2: max(4096, lengthMax / 2 / 4096 * 4096)
    default: 1 + random.below(lengthMax)
    }
  }

  /// Gives file `number` a new version, and returns the one it had.
  package func change(_ number: Int) -> File {
    let old = files[number]
    files[number] = File(number: number, version: old.version + 1, length: length())
    return old
  }

  /// True when `file` is still the version the source has.
  package func isCurrent(_ file: File) -> Bool { files[file.number] == file }

  /// False when a read fails this time.
  package func answers() -> Bool { !random.chance(errorRate) }
}
