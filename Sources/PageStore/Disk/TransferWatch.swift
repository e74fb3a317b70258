// The operations that a volume has under way. A device that hangs without an error is noticed by the age of the oldest; those
// who wait are let go then, while the device keeps the memory until it answers.
//
//   run ──▶ under way ──device answers──▶ result
//               │ release (too old, or the volume is closed)
//               ▼
//            stuck: the waiter has -ETIMEDOUT and a DeviceHold ──device answers──▶ hold returned
//
// While an operation is stuck no other is started: what hangs is not given more to swallow. The device may be replaced; what
// is under way ends on the one that it was started on.

import Ring
import Glibc

/// Operations of one device, with their ages.
// SAFETY: the mutable state is guarded by `lock`.
@safe final class TransferWatch: @unchecked Sendable {
  /// Transfers kept for the next use.
  private static let spareCountMax = 256

  private let lock = Lock()
  private var device: any BlockDevice
  private var underWay: [DeviceTransfer] = []
  private var stuck: [ObjectIdentifier: DeviceTransfer] = [:]
  private var spare: [DeviceTransfer] = []
  private var isClosed = false

  /// A watch over the operations of `device`.
  init(device: any BlockDevice) { self.device = device }

  /// Operations that are started from now on go to `device`.
  func replaceDevice(_ device: any BlockDevice) { lock.withLock { self.device = device } }

  /// True when no operation is without an answer.
  var isIdle: Bool { lock.withLock { underWay.isEmpty && stuck.isEmpty } }

  /// Starts an operation of the device by `start` and waits for its end, or until it is released.
  ///
  /// Suspends; memory that the operation names stays put until the result came, or until its hold has ended.
  @inline(__always)
  func run(
    now: UInt64, _ start: (any BlockDevice, DeviceTransfer) -> Void
  ) async -> TransferEnd {
    await unsafe withUnsafeContinuation { continuation in
      switch unsafe begin(continuation, now: now) {
      case .success(let (device, transfer)): start(device, transfer)
      case .failure(let refusal):
        unsafe continuation.resume(returning: TransferEnd(result: -refusal.errno))
      }
    }
  }

  private struct Refusal: Error { let errno: Int32 }

  private func begin(
    _ continuation: UnsafeContinuation<TransferEnd, Never>, now: UInt64
  ) -> Result<(any BlockDevice, DeviceTransfer), Refusal> {
    lock.withLock {
      if isClosed { return .failure(Refusal(errno: ECANCELED)) }
      if !stuck.isEmpty { return .failure(Refusal(errno: ETIMEDOUT)) }
      let transfer = spare.popLast() ?? DeviceTransfer()
      transfer.watch = self
      transfer.since = now
      transfer.position = underWay.count
      unsafe transfer.continuation = unsafe continuation
      underWay.append(transfer)
      return .success((device, transfer))
    }
  }

  /// The device's answer to `transfer`.
  func ended(_ transfer: DeviceTransfer, _ result: Int32) {
    let (continuation, hold) = unsafe lock.withLock {
      () -> (UnsafeContinuation<TransferEnd, Never>?, DeviceHold?) in
      transfer.watch = nil
      if let hold = transfer.hold {
        stuck[ObjectIdentifier(transfer)] = nil
        return (nil, hold)
      }
      remove(transfer)
      defer {
        unsafe transfer.continuation = nil
        if spare.count < TransferWatch.spareCountMax { spare.append(transfer) }
      }
      return unsafe (transfer.continuation, nil)
    }
    if let continuation = unsafe continuation {
      unsafe continuation.resume(returning: TransferEnd(result: result))
    }
    hold?.returned()
  }

  private func remove(_ transfer: DeviceTransfer) {
    let last = underWay.removeLast()
    guard last !== transfer else { return }
    underWay[transfer.position] = last
    last.position = transfer.position
  }

  /// Nanoseconds that the oldest operation without an answer has taken at `now`; nil when there is none.
  func oldestAge(now: UInt64) -> UInt64? {
    let since = lock.withLock {
      (underWay.lazy.map(\.since).min(), stuck.values.lazy.map(\.since).min())
    }
    return [since.0, since.1].compactMap { $0 }.min().map { now > $0 ? now - $0 : 0 }
  }

  /// Whether the device owes answers that nobody waits for.
  var isStuck: Bool { lock.withLock { !stuck.isEmpty } }

  /// Lets everybody go who waits now; returns how many.
  @discardableResult
  func release() -> Int {
    let released = unsafe lock.withLock {
      () -> [(UnsafeContinuation<TransferEnd, Never>, DeviceHold)] in
      var released: [(UnsafeContinuation<TransferEnd, Never>, DeviceHold)] = unsafe []
      for transfer in underWay {
        let hold = DeviceHold()
        transfer.hold = hold
        stuck[ObjectIdentifier(transfer)] = transfer
        guard let continuation = unsafe transfer.continuation else { continue }
        unsafe transfer.continuation = nil
        unsafe released.append((continuation, hold))
      }
      underWay = []
      return unsafe released
    }
    for index in unsafe released.indices {
      let (continuation, hold) = unsafe released[index]
      unsafe continuation.resume(returning: TransferEnd(result: -ETIMEDOUT, hold: hold))
    }
    return unsafe released.count
  }

  /// Lets everybody go, and starts nothing any more: every later operation is -ECANCELED.
  func close() {
    lock.withLock { isClosed = true }
    release()
  }
}
