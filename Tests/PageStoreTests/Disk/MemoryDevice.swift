// A block device in memory that tests steer: short transfers, errors, an early end.

import Glibc

import Ring
@testable import PageStore

/// Bytes in memory behind the seam of a disk.
final class MemoryDevice: BlockDevice, @unchecked Sendable {
  private struct State: @unchecked Sendable {
    var bytes: [UInt8]
    var transferMax = Int.max
    var failure: Int32 = 0
    var interruptions = 0
    var isHanging = false
    var hanging: [() -> Void] = []
    var log: [(isWrite: Bool, range: Range<Int>)] = []
  }
  // A mutex that the thread sanitizer knows, also when it is fought over.
  private let lock = Lock()
  private var guarded: State
  let size: Int64

  init(size: Int) {
    self.size = Int64(size)
    guarded = State(bytes: Array(repeating: 0xEE, count: size))
  }

  private func withState<T>(_ body: (inout State) -> T) -> T { lock.withLock { body(&guarded) } }

  /// Most bytes that one transfer moves.
  func limitTransfers(_ count: Int) { withState { $0.transferMax = count } }
  /// The errno of every later transfer; 0 ends it.
  func fail(_ errno: Int32) { withState { $0.failure = errno } }
  /// From now on operations have no answer until `answer`.
  func hang() { withState { $0.isHanging = true } }
  /// Operations that wait for `answer`.
  var hangingCount: Int { withState { $0.hanging.count } }
  /// Answers everything that hangs, and works again.
  func answer() {
    let due = withState { state in
      state.isHanging = false
      defer { state.hanging = [] }
      return state.hanging
    }
    due.forEach { $0() }
  }
  /// Does `operation` now, or when the device answers again.
  private func perform(_ operation: @escaping () -> Void) {
    let hangs = withState { state in
      if state.isHanging { state.hanging.append(operation) }
      return state.isHanging
    }
    if !hangs { operation() }
  }
  /// So many transfers end with EINTR or EAGAIN.
  func interrupt(_ count: Int) { withState { $0.interruptions = count } }
  /// Runs `body` on the bytes.
  func edit<T: Sendable>(_ body: (inout [UInt8]) -> T) -> T { withState { body(&$0.bytes) } }
  /// The transfers since the last call.
  func takeLog() -> [(isWrite: Bool, range: Range<Int>)] {
    withState { state in
      defer { state.log = [] }
      return state.log
    }
  }

  private func begin(_ count: Int, _ offset: Int64, isWrite: Bool) -> (Int32, Range<Int>) {
    withState { state in
      guard offset % 4096 == 0, count % 4096 == 0 else { return (-EINVAL, 0..<0) }
      if state.failure != 0 { return (-state.failure, 0..<0) }
      if state.interruptions > 0 {
        state.interruptions -= 1
        return (state.interruptions % 2 == 0 ? -EINTR : -EAGAIN, 0..<0)
      }
      let start = min(Int(offset), state.bytes.count)
      let end = min(start + min(count, state.transferMax), state.bytes.count)
      state.log.append((isWrite, start..<end))
      return (Int32(end - start), start..<end)
    }
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) {
    guard UInt(bitPattern: buffer.baseAddress) % 4096 == 0 else { return transfer.end(-EINVAL) }
    perform { [self] in
      let (result, range) = begin(buffer.count, offset, isWrite: false)
      withState { state in buffer.copyBytes(from: state.bytes[range]) }
      transfer.end(result)
    }
  }

  func write(
    from buffer: UnsafeRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) {
    guard UInt(bitPattern: buffer.baseAddress) % 4096 == 0 else { return transfer.end(-EINVAL) }
    perform { [self] in
      let (result, range) = begin(buffer.count, offset, isWrite: true)
      withState { state in
        state.bytes.withUnsafeMutableBytes { bytes in
          let target = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
          target.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<range.count]))
        }
      }
      transfer.end(result)
    }
  }

  func sync(for transfer: DeviceTransfer) { perform { transfer.end(0) } }
}
