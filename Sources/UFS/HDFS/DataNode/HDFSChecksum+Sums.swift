// Sums made and compared.

import CLinux

extension HDFSChecksum {
  /// Whether `sums` are those of `data`, which begins at a chunk.
  func matches(_ data: UnsafeRawBufferPointer, sums: UnsafeRawBufferPointer) -> Bool {
    guard kind != .none else { return true }
    precondition(sums.count == sumsLength(of: data.count), "there is a sum for every chunk")
    return unsafe pen_checksums_match(
      kind == .crc32c, data.baseAddress, data.count, chunkSize, sums.baseAddress)
  }

  /// As `matches`, for data in pieces that cut chunks anywhere.
  func matches(
    pieces: [UnsafeRawBufferPointer], sums: UnsafeRawBufferPointer
  ) -> Bool {
    guard kind != .none else { return true }
    var (sum, filled, index): (UInt32, Int, Int) = (0, 0, 0)
    func isRight() -> Bool {
      defer { (sum, filled, index) = (0, 0, index + 4) }
      guard index + 4 <= sums.count else { return false }
      return unsafe UInt32(bigEndian: sums.loadUnaligned(fromByteOffset: index, as: UInt32.self))
        == sum
    }
    for number in unsafe pieces.indices {
      var rest = unsafe pieces[number]
      while rest.count > 0 {
        let count = min(rest.count, chunkSize - filled)
        sum = unsafe add(sum, UnsafeRawBufferPointer(rebasing: rest[..<count]))
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        filled += count
        if filled == chunkSize, !isRight() { return false }
      }
    }
    return filled == 0 || isRight()
  }

  /// Writes the sums of `data`, which begins at a chunk.
  func fill(_ sums: UnsafeMutableRawBufferPointer, for data: UnsafeRawBufferPointer) {
    guard kind != .none else { return }
    precondition(sums.count == sumsLength(of: data.count), "there is a sum for every chunk")
    var start = 0
    for index in stride(from: 0, to: sums.count, by: 4) {
      let end = min(start + chunkSize, data.count)
      let sum = unsafe add(0, UnsafeRawBufferPointer(rebasing: data[start..<end]))
      unsafe sums.storeBytes(of: sum.bigEndian, toByteOffset: index, as: UInt32.self)
      start = end
    }
  }

  private func add(_ sum: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    unsafe kind == .crc32c
      ? pen_crc32c(sum, bytes.baseAddress, bytes.count)
      : pen_crc32(sum, bytes.baseAddress, bytes.count)
  }
}
