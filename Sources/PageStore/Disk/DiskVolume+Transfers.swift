// The operations of a volume's device, each under the watch that knows how long they take.

import Glibc
import Synchronization

/// How the transfers of one page ended.
struct DiskEnd: Sendable {
  /// 0 or an errno.
  var errno: Int32 = 0
  /// The device has not answered and still has the memory, until this ends.
  var hold: DeviceHold?

  /// The end of two that went on at once.
  func and(_ other: DiskEnd) -> DiskEnd {
    DiskEnd(errno: errno != 0 ? errno : other.errno, hold: DeviceHold.both(hold, other.hold))
  }
}

extension DiskVolume {
  /// Reads into `buffer` from `offset`; suspends.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) async -> TransferEnd {
    await transfers.run(now: now()) { unsafe $0.read(into: buffer, at: offset, for: $1) }
  }

  /// Writes `buffer` at `offset`; suspends.
  func write(from buffer: UnsafeRawBufferPointer, at offset: Int64) async -> TransferEnd {
    await transfers.run(now: now()) { unsafe $0.write(from: buffer, at: offset, for: $1) }
  }

  /// Makes what was written durable; suspends.
  func sync() async -> TransferEnd {
    await transfers.run(now: now()) { $0.sync(for: $1) }
  }

  /// Whether the device, or the file system that the log is on, owes an answer for longer than is usual.
  package var isStuck: Bool { transfers.isStuck || (log.age(now: now()) ?? 0) > DiskVolume.usual }

  private static let usual: UInt64 = 1_000_000_000

  /// Looks for operations without an answer, and tells the health; to be called a few times a second.
  ///
  /// A volume that goes out for that lets everybody go who waits for it.
  package func checkProgress() {
    let now = now()
    if let failure = log.failure { health.logFailed(failure, now: now) }
    let ages = [transfers.oldestAge(now: now), log.age(now: now)].compactMap { $0 }
    guard let age = ages.max() else { return }
    health.unanswered(for: age, now: now)
    guard !health.acceptsReads, health.isTooLong(age) else { return }
    counters.timeouts.add(UInt64(transfers.release()), ordering: .relaxed)
  }

  /// Lets everybody go who waits for the device or the log, and starts nothing any more.
  ///
  /// For a stop that must not wait for a device that hangs.
  package func abandon() {
    transfers.close()
    log.abandon()
  }
}
