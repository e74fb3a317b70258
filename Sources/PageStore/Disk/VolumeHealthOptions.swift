// The limits of a disk volume's health: how many errors, how slow, how long until it is trusted again.

/// Limits by which a volume's health is judged; times in nanoseconds.
package struct VolumeHealthOptions: Sendable {
  /// Time in which errors add up.
  package var window: UInt64 = 60_000_000_000
  /// Failed reads in a window that end new pages.
  package var readErrorsToDegrade = 3
  /// Failed reads in a window that put the volume out.
  package var readErrorsToFault = 10
  /// Failed writes in a window that end new pages.
  package var writeErrorsToDegrade = 3
  /// Pages in a window whose checksum did not match, that end new pages.
  package var corruptionsToDegrade = 16

  /// Operations that are judged together for latency.
  package var latencyWindowCount = 16
  /// Operations seen before latency is judged at all.
  package var latencyBaselineCount = 1024
  /// Times the long-run median that make an operation slow.
  package var latencyRatio: UInt64 = 100
  /// Latency for each 128 KiB under which no operation is slow.
  package var latencyFloor: UInt64 = 50_000_000
  /// Windows in a row, each slow in half of its operations, that make the volume slow.
  package var slowWindowsToDegrade = 4
  /// Time that those windows span at least, so that one pause of the machine is not one of the disk.
  package var slowSpan: UInt64 = 2_000_000_000

  /// Time after which an operation without an answer puts the volume out; half of it ends new pages.
  ///
  /// 0 waits for ever.
  package var answerLimit: UInt64 = 10_000_000_000

  /// Time between probes while they succeed, and before the first one.
  package var probeInterval: UInt64 = 1_000_000_000
  /// Longest time between probes that fail.
  package var probeIntervalMax: UInt64 = 60_000_000_000
  /// Probes in a row that bring a volume from FAULTED to DEGRADED, and that a return to HEALTHY needs.
  package var probesToReturn = 3
  /// Time without anything bad before a DEGRADED volume is HEALTHY.
  package var probation: UInt64 = 30_000_000_000
  /// Longest probation of a volume that keeps failing; each relapse doubles it.
  package var probationMax: UInt64 = 600_000_000_000

  /// The limits that suit disks.
  package init() {}
}
