// MD5 (RFC 1321), for name UUIDs and nothing that must resist anybody.

import Glibc

/// The MD5 digest.
enum MD5 {
  private static let shifts: [[UInt32]] = [
    [7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21],
  ]
  /// The fractions of sines that RFC 1321 takes its constants from.
  private static let constants: [UInt32] = (1...64).map {
    UInt32(truncatingIfNeeded: Int64(abs(sin(Double($0))) * 4_294_967_296))
  }

  /// The 16 bytes of the digest of `message`.
  static func digest(of message: [UInt8]) -> [UInt8] {
    var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]
    let padded = pad(message)
    for start in stride(from: 0, to: padded.count, by: 64) {
      let words = (0..<16).map { place in
        (0..<4).reduce(UInt32(0)) { $0 | UInt32(padded[start + 4 * place + $1]) << UInt32(8 * $1) }
      }
      mix(words, into: &state)
    }
    return state.flatMap { word in
      (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
    }
  }

  private static func pad(_ message: [UInt8]) -> [UInt8] {
    var padded = message + [0x80]
    while padded.count % 64 != 56 { padded.append(0) }
    let bits = UInt64(message.count) &* 8
    return padded + (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
  }

  private static func mix(_ words: [UInt32], into state: inout [UInt32]) {
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    for step in 0..<64 {
      let (value, word) =
        switch step / 16 {
        case 0: (b & c | ~b & d, step)
        case 1: (d & b | ~d & c, (5 * step + 1) % 16)
        case 2: (b ^ c ^ d, (3 * step + 5) % 16)
        default: (c ^ (b | ~d), 7 * step % 16)
        }
      let sum = a &+ value &+ constants[step] &+ words[word]
      let shift = shifts[step / 16][step % 4]
      (a, d, c, b) = (d, c, b, b &+ (sum << shift | sum >> (32 - shift)))
    }
    for (place, value) in [a, b, c, d].enumerated() { state[place] &+= value }
  }
}
