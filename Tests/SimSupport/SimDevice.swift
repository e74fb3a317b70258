// A block device in memory that fails like real ones do. It moves bytes when an operation *ends*, as DMA may, so a buffer
// that its owner reuses too early shows; operations end in any order.

import Glibc
package import PageStore

/// A simulated device over `SimMedia`.
///
/// Confined to the thread of its simulation.
package final class SimDevice: BlockDevice, @unchecked Sendable {
  /// How the device is at the moment.
  package enum State: Int, Sendable, CaseIterable {
    /// It works, but for its faults.
    case working
    /// Everything takes a hundred times as long.
    case slow
    /// Writes fail with ENOSPC.
    case full
    /// Writes fail with EROFS.
    case readOnly
    /// Everything fails with ENODEV.
    case vanished
    /// Nothing is answered until it is in another state.
    case hanging
    /// Power is gone: everything fails with EIO, and nothing reaches the medium any more.
    case dead
  }

  /// How often each fault happened.
  package struct Counts: Sendable {
    /// Reads and writes that were asked for.
    package var reads = 0
    package var writes = 0
    /// Operations that failed with an errno.
    package var errors = 0
    /// Transfers that were short.
    package var shorts = 0
    /// Writes and reads of the wrong place.
    package var misdirected = 0
    /// Writes that were lost.
    package var lost = 0
    /// Operations that hung.
    package var hangs = 0
    /// Bits turned.
    package var flips = 0
  }

  private struct Write {
    let number: Int
    let offset: Int
    let source: UnsafeRawBufferPointer
  }

  /// Which device of its simulation it is.
  package let number: Int
  /// Its bytes.
  package let media: SimMedia
  /// What may go wrong.
  package var faults: SimDeviceFaults
  /// How it is now.
  package private(set) var state = State.working
  /// What went wrong so far.
  package private(set) var counts = Counts()
  /// What the store did wrong: operations that are not aligned, or outside the device.
  package private(set) var complaints: [String] = []

  private let executor: SimExecutor
  private var random: SimRandom
  private var inFlight: [Write] = []
  private var hanging: [UnsafeContinuation<Void, Never>] = []
  private var operations = 0

  /// Device `number` with the bytes of `media`.
  package init(
    _ number: Int, media: SimMedia, faults: SimDeviceFaults, executor: SimExecutor,
    random: SimRandom
  ) {
    self.number = number
    self.media = media
    self.faults = faults
    self.executor = executor
    self.random = random
  }

  package var size: Int64 { Int64(media.size) }

  /// Changes how the device is, unless power is gone.
  package func become(_ state: State) {
    guard self.state != .dead else { return }
    executor.trace.record("device.state", at: executor.now, number, state.rawValue)
    self.state = state
    if state != .hanging { answer() }
  }

  /// Lets the operations go on that hang.
  private func answer() {
    let due = hanging
    hanging = []
    due.forEach { $0.resume() }
  }

  /// Takes the time of an operation, and all the time that the device hangs.
  private func answering() async {
    await executor.wait(latency())
    while state == .hanging {
      counts.hangs += 1
      await withUnsafeContinuation { hanging.append($0) }
    }
  }

  // SAFETY: the memory stays put until the transfer has ended: that is what the device is to find out.
  private struct Memory: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
  }

  // MARK: BlockDevice

  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) {
    let memory = Memory(bytes: buffer)
    _ = Task(executorPreference: executor) {
      transfer.end(await self.read(into: memory.bytes, at: offset))
    }
  }

  package func write(
    from buffer: UnsafeRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) {
    let memory = Memory(bytes: UnsafeMutableRawBufferPointer(mutating: buffer))
    _ = Task(executorPreference: executor) {
      transfer.end(await self.write(from: UnsafeRawBufferPointer(memory.bytes), at: offset))
    }
  }

  package func sync(for transfer: DeviceTransfer) {
    _ = Task(executorPreference: executor) { transfer.end(await self.sync()) }
  }

  // MARK: Operations

  /// Reads as the faults let it; bytes moved or -errno.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) async -> Int32 {
    let address = UInt(bitPattern: buffer.baseAddress)
    let operation = begin("device.read", address, buffer.count, offset)
    counts.reads += 1
    await answering()
    guard isValid(address, buffer.count, offset) else { return -EINVAL }
    if let errno = failure(isWrite: false) { return ended(operation, -errno) }
    rot()
    var place = Int(offset)
    if random.chance(faults.misdirectedReadRate) { place = elsewhere(buffer.count, place) }
    let count = length(buffer.count)
    let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    media.read(into: target, at: place)
    if count > 0, random.chance(faults.flipInTransferRate) {
      counts.flips += 1
      buffer[random.below(count)] ^= 1 << UInt8(random.below(8))
    }
    return ended(operation, Int32(count))
  }

  /// Writes as the faults let it; bytes moved or -errno.
  package func write(from buffer: UnsafeRawBufferPointer, at offset: Int64) async -> Int32 {
    let address = UInt(bitPattern: buffer.baseAddress)
    let operation = begin("device.write", address, buffer.count, offset)
    counts.writes += 1
    guard isValid(address, buffer.count, offset) else { return -EINVAL }
    inFlight.append(Write(number: operation, offset: Int(offset), source: buffer))
    await answering()
    inFlight.removeAll { $0.number == operation }
    if let errno = failure(isWrite: true) { return ended(operation, -errno) }
    rot()
    let count = length(buffer.count)
    guard !random.chance(faults.lostWriteRate) else {
      counts.lost += 1
      return ended(operation, Int32(count))
    }
    put(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: Int(offset))
    return ended(operation, Int32(count))
  }

  /// Makes what was written durable; 0 or -errno.
  package func sync() async -> Int32 {
    let operation = begin("device.sync", 0, 0, 0)
    let newest = media.newest
    await answering()
    if let errno = failure(isWrite: true) { return ended(operation, -errno) }
    media.settle(through: newest)
    return ended(operation, 0)
  }

  // MARK: Loss of power

  /// Loses power now: the medium keeps what was synced and any part of the rest, and every operation fails from here on.
  package func crash() {
    guard state != .dead else { return }
    executor.trace.record("device.crash", at: executor.now, number, inFlight.count)
    media.losePower(
      inFlight: inFlight.map { ($0.offset, Array($0.source)) }, sector: faults.sector, &random)
    state = .dead
    answer()
  }

  // MARK: Faults

  private func put(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    var place = offset
    if random.chance(faults.misdirectedWriteRate) { place = elsewhere(bytes.count, offset) }
    guard bytes.count > 0, random.chance(faults.flipInTransferRate) else {
      return media.write(bytes, at: place)
    }
    counts.flips += 1
    var copy = Array(bytes)
    copy[random.below(copy.count)] ^= 1 << UInt8(random.below(8))
    copy.withUnsafeBytes { media.write($0, at: place) }
  }

  private func rot() {
    guard random.chance(faults.flipAtRestRate) else { return }
    counts.flips += 1
    media.flip(at: random.below(media.size), bit: random.below(8))
  }

  private func elsewhere(_ count: Int, _ place: Int) -> Int {
    counts.misdirected += 1
    let found = random.below((media.size - count) / 4096 + 1) * 4096
    executor.trace.record("device.misdirected", at: executor.now, number, place, found)
    return found
  }

  private func failure(isWrite: Bool) -> Int32? {
    let errno: Int32? =
      switch state {
      case .dead: EIO
      case .vanished: ENODEV
      case .readOnly where isWrite: EROFS
      case .full where isWrite: ENOSPC
      default:
        random.chance(faults.errorRate)
          ? EIO : isWrite && random.chance(faults.noSpaceRate) ? ENOSPC : nil
      }
    if errno != nil { counts.errors += 1 }
    return errno
  }

  private func length(_ count: Int) -> Int {
    guard random.chance(faults.shortRate) else { return count }
    counts.shorts += 1
    return random.below(count / 512) * 512
  }

  private func latency() -> UInt64 {
    var time = random.within(faults.latency)
    if state == .slow || random.chance(faults.stallRate) { time *= 100 }
    return UInt64(time)
  }

  private func isValid(_ address: UInt, _ count: Int, _ offset: Int64) -> Bool {
    let isAligned = address % 4096 == 0 && count % 4096 == 0 && offset % 4096 == 0
    let isInside = count > 0 && offset >= 0 && offset <= size - Int64(count)
    if !isAligned || !isInside {
      complaints.append(
        "device \(number): \(count) bytes at \(offset) of \(size), memory \(address)")
    }
    return isAligned && isInside
  }

  private func begin(
    _ name: StaticString, _ address: UInt, _ count: Int, _ offset: Int64
  ) -> Int {
    operations += 1
    executor.trace.record(name, at: executor.now, number, Int(offset), count)
    return operations
  }

  private func ended(_ operation: Int, _ result: Int32) -> Int32 {
    executor.trace.record("device.done", at: executor.now, number, operation, Int(result))
    return result
  }
}
