import CLinux
import DaemonDriver
import Testing

@Suite("CRC32C")
struct CRC32CTests {
  private static func bitwise(_ crc: UInt32, _ bytes: ArraySlice<UInt8>) -> UInt32 {
    var state = ~crc
    for byte in bytes {
      state ^= UInt32(byte)
      for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    return ~state
  }

  private static func bytes(_ count: Int) -> [UInt8] {
    var random = SeededRandom(seed: 1)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  @Test("the check values of RFC 3720 hold in every way of computing", arguments: 0...2)
  func vectors(way: UInt32) {
    let ascending = (0..<32).map { UInt8($0) }
    #expect(pen_crc32c_by(way, 0, "123456789", 9) == 0xE306_9283)
    #expect(pen_crc32c_by(way, 0, [UInt8](repeating: 0, count: 32), 32) == 0x8A91_36AA)
    #expect(pen_crc32c_by(way, 0, [UInt8](repeating: 0xFF, count: 32), 32) == 0x62A8_AB43)
    #expect(pen_crc32c_by(way, 0, ascending, 32) == 0x46DD_794E)
    #expect(pen_crc32c_by(way, 0, ascending.reversed(), 32) == 0x113F_DB5C)
  }

  @Test("every length and alignment gives what one bit after the other gives", arguments: 0...2)
  func lengths(way: UInt32) {
    let bytes = CRC32CTests.bytes(9000)
    let lengths = Array(0...1100) + [4079, 4080, 4081, 4096, 4097, 4584, 8160, 8192, 8990]
    for length in lengths {
      for start in [0, 1, 3, 7] {
        let slice = bytes[start..<start + length]
        let found = slice.withUnsafeBytes { pen_crc32c_by(way, 77, $0.baseAddress, $0.count) }
        #expect(found == CRC32CTests.bitwise(77, slice), "length \(length) from \(start)")
      }
    }
  }

  @Test("a sum continued over two parts is the sum of both joined")
  func continued() {
    let bytes = CRC32CTests.bytes(6000)
    for cut in [0, 1, 5, 4080, 5999, 6000] {
      let first = pen_crc32c(0, bytes, cut)
      let both = bytes[cut...].withUnsafeBytes { pen_crc32c(first, $0.baseAddress, $0.count) }
      #expect(both == pen_crc32c(0, bytes, bytes.count))
    }
  }

  @Test("the sums of units are the sums of each 4096 bytes and of what is left")
  func units() {
    let bytes = CRC32CTests.bytes(8 * 4096)
    for length in [0, 1, 4095, 4096, 4097, 3 * 4096, 3 * 4096 + 1, 7 * 4096, 8 * 4096] {
      let count = (length + 4095) / 4096
      var sums = [UInt32](repeating: 0xDEAD_BEEF, count: count + 1)
      pen_crc32c_units(bytes, length, &sums)
      for unit in 0..<count {
        let slice = bytes[unit * 4096..<min(length, (unit + 1) * 4096)]
        #expect(sums[unit] == CRC32CTests.bitwise(0, slice), "unit \(unit) of \(length) bytes")
      }
      #expect(sums[count] == 0xDEAD_BEEF, "nothing is written behind the sums")
    }
  }
}
