// Rot: bits of a file that change by themselves.

import Glibc

/// Flips `count` bits of the file at `path` from `offset` on, one in each of `count` equal parts, where `seed` says.
///
/// What is flipped is on the disk when this returns.
package func flipBits(
  _ count: Int, of path: String, from offset: Int = 0, seed: Int
) throws(DriverError) {
  let file = unsafe open(path, O_RDWR | O_CLOEXEC)
  guard file >= 0 else { throw DriverError.last("open") }
  defer { close(file) }
  let size = Int(lseek(file, 0, SEEK_END)) - offset
  guard size >= count else { throw .program("\(path) is too short for \(count) flips") }
  let noise = patterned(count * 4, seed: seed)
  for index in 0..<count {
    let part = size / count
    let random = (0..<4).reduce(0) { $0 << 8 | Int(noise[index * 4 + $1]) }
    let place = off_t(offset + index * part + random / 8 % part)
    var byte: UInt8 = 0
    guard unsafe pread(file, &byte, 1, place) == 1 else { throw DriverError.last("pread") }
    byte ^= 1 << UInt8(random % 8)
    guard unsafe pwrite(file, &byte, 1, place) == 1 else { throw DriverError.last("pwrite") }
  }
  guard fsync(file) == 0 else { throw DriverError.last("fsync") }
}
