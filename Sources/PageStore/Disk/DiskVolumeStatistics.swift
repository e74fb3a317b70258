// What a disk volume counts.

import Synchronization

/// A snapshot of a disk volume's counters.
package struct DiskVolumeStatistics: Sendable, Equatable {
  /// Bytes moved to and from the device, units and trailers included.
  package var bytesRead: UInt64 = 0
  package var bytesWritten: UInt64 = 0
  /// Transfers asked of the device, repeated ones included.
  package var reads: UInt64 = 0
  package var writes: UInt64 = 0
  /// Reads of pages that did not match their checksums.
  package var corrupt: UInt64 = 0
  /// Pages that the device failed to read or write.
  package var readErrors: UInt64 = 0
  package var writeErrors: UInt64 = 0
  /// Operations that nobody waits for any more, since the device did not answer in time.
  package var timeouts: UInt64 = 0

  /// All zero.
  package init() {}
}

/// The counters of one volume, bumped from every ring.
final class DiskVolumeCounters: Sendable {
  let bytesRead = Atomic<UInt64>(0)
  let bytesWritten = Atomic<UInt64>(0)
  let reads = Atomic<UInt64>(0)
  let writes = Atomic<UInt64>(0)
  let corrupt = Atomic<UInt64>(0)
  let readErrors = Atomic<UInt64>(0)
  let writeErrors = Atomic<UInt64>(0)
  let timeouts = Atomic<UInt64>(0)

  /// The values now; each is exact, together they are of about the same moment.
  var snapshot: DiskVolumeStatistics {
    var values = DiskVolumeStatistics()
    values.bytesRead = bytesRead.load(ordering: .relaxed)
    values.bytesWritten = bytesWritten.load(ordering: .relaxed)
    values.reads = reads.load(ordering: .relaxed)
    values.writes = writes.load(ordering: .relaxed)
    values.corrupt = corrupt.load(ordering: .relaxed)
    values.readErrors = readErrors.load(ordering: .relaxed)
    values.writeErrors = writeErrors.load(ordering: .relaxed)
    values.timeouts = timeouts.load(ordering: .relaxed)
    return values
  }
}
