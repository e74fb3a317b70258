// Bytes of a simulated device: as it is read now, as it would be after a loss of power, and the writes in between.

import Glibc

/// What is on a simulated device; passes from one life of the store to the next.
///
/// Confined to the thread of its simulation.
package final class SimMedia: @unchecked Sendable {
  /// A write that the device took and has not made durable.
  struct Unsynced {
    let offset: Int
    let bytes: [UInt8]
    let sequence: UInt64
  }

  /// Bytes of the device.
  package let size: Int
  /// What a read finds.
  private let current: UnsafeMutableRawBufferPointer
  /// What is left after a loss of power, less what `unsynced` may add.
  private let durable: UnsafeMutableRawBufferPointer
  private(set) var unsynced: [Unsynced] = []
  private var sequence: UInt64 = 0

  /// A device of zeros; memory is taken when written.
  package init(size: Int) {
    self.size = size
    current = SimMedia.zeros(size)
    durable = SimMedia.zeros(size)
  }

  deinit {
    munmap(current.baseAddress, size)
    munmap(durable.baseAddress, size)
  }

  private static func zeros(_ size: Int) -> UnsafeMutableRawBufferPointer {
    let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    precondition(base != MAP_FAILED, "the machine has memory for a simulated device")
    return UnsafeMutableRawBufferPointer(start: base, count: size)
  }

  /// The number of the newest write.
  var newest: UInt64 { sequence }

  /// Copies bytes at `offset` to `target`.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) {
    target.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: current[offset..<offset + target.count]))
  }

  /// Writes `source` at `offset`, durable only after `settle`.
  func write(_ source: UnsafeRawBufferPointer, at offset: Int) {
    guard source.count > 0 else { return }
    sequence += 1
    UnsafeMutableRawBufferPointer(rebasing: current[offset..<offset + source.count])
      .copyMemory(from: source)
    unsynced.append(Unsynced(offset: offset, bytes: Array(source), sequence: sequence))
  }

  /// Makes the writes up to number `last` durable.
  func settle(through last: UInt64) {
    let count = unsynced.firstIndex { $0.sequence > last } ?? unsynced.count
    for write in unsynced[..<count] {
      SimMedia.apply(write.bytes[...], to: durable, at: write.offset)
    }
    unsynced.removeFirst(count)
  }

  /// Turns bit `bit` of the byte at `offset`, durably: rot.
  package func flip(at offset: Int, bit: Int) {
    current[offset] ^= 1 << UInt8(bit & 7)
    durable[offset] ^= 1 << UInt8(bit & 7)
    for index in unsynced.indices
    where unsynced[index].offset <= offset
      && offset < unsynced[index].offset + unsynced[index].bytes.count
    {
      let write = unsynced[index]
      var bytes = write.bytes
      bytes[offset - write.offset] ^= 1 << UInt8(bit & 7)
      unsynced[index] = Unsynced(offset: write.offset, bytes: bytes, sequence: write.sequence)
    }
  }

  /// Exchanges `count` bytes at `first` with those at `second`, durably.
  func exchange(_ first: Int, _ second: Int, count: Int) {
    settle(through: sequence)
    for image in [current, durable] {
      let kept = Array(image[first..<first + count])
      let other = Array(image[second..<second + count])
      SimMedia.apply(other[...], to: image, at: first)
      SimMedia.apply(kept[...], to: image, at: second)
    }
  }

  /// Loses power: of each unsynced write, and of each of `inFlight`, nothing, all, or some sectors of `sector` bytes stay.
  func losePower(inFlight: [(offset: Int, bytes: [UInt8])], sector: Int, _ random: inout SimRandom)
  {
    for write in unsynced { keepSome(write.bytes, at: write.offset, sector, &random) }
    for write in inFlight { keepSome(write.bytes, at: write.offset, sector, &random) }
    unsynced = []
    current.copyMemory(from: UnsafeRawBufferPointer(durable))
  }

  private func keepSome(_ bytes: [UInt8], at offset: Int, _ sector: Int, _ random: inout SimRandom)
  {
    let fate = random.below(3)
    guard fate > 0 else { return }
    var start = 0
    while start < bytes.count {
      let end = min(start + sector, bytes.count)
      if fate == 1 || random.below(2) == 0 {
        SimMedia.apply(bytes[start..<end], to: durable, at: offset + start)
      }
      start = end
    }
  }

  private static func apply(
    _ bytes: ArraySlice<UInt8>, to image: UnsafeMutableRawBufferPointer, at offset: Int
  ) {
    bytes.withUnsafeBytes { source in
      UnsafeMutableRawBufferPointer(rebasing: image[offset..<offset + source.count])
        .copyMemory(from: source)
    }
  }
}
