// What a worker may take of memory besides its pages. Measured parts are rounded up; the others are bounds that are kept:
//
//   the daemon     code, connections at rest, the small databases                     96 MiB
//   rings          queues and receive buffers of each, of those for loads, too         3 MiB each
//   statuses       records of files, with their paths                                 768 B each
//   reads          what a request to a store holds: its task and a block              64 KiB each
//   listings       what the cache of listings may hold
//   buffers        reads past the cache, and from disks, on every ring
//   uploads        parts of objects on their way to S3, when it is mounted
//   volumes        the checksums of large pages of each
//   local clients  their windows, leases, handles and connections, when there is a domain socket
//
// And with a coordinator in the same process:
//
//   the role       its ring, the threads of gRPC, the job store                        64 MiB
//   jobs           those that wait, as many as may                                     512 B each
//   files          those of running jobs that are listed and not settled, with paths   640 B each

import Model
import Scheduler
import UFS

extension WorkerSettings {
  private static let daemonSize: Int64 = 96 << 20
  private static let ringSize: Int64 = 3 << 20
  private static let recordSize: Int64 = 768
  private static let readSize: Int64 = 64 << 10
  private static let coordinatorSize: Int64 = 64 << 20
  private static let waitingJobSize: Int64 = 512
  private static let listedFileSize: Int64 = 640

  /// A client of the domain socket: its connection and lease table, and what it is sent and sends at once.
  private static let localClientSize: Int64 = 24 << 10
  /// Leases and open files of all such clients.
  private static let localHoldingsSize: Int64 = 96 << 20

  /// What clients of the domain socket may make the worker take.
  private var localOverhead: Int64 {
    guard let local = shortCircuit else { return 0 }
    return TierPlan.sum(
      TierPlan.sum(Int64(local.windowsMax), Self.localHoldingsSize),
      Int64(local.connectionCountMax).clampedProduct(Self.localClientSize))
  }

  /// Bytes of memory that the worker takes besides pages, their index and the catalog's cache, at most.
  package var overhead: Int64 {
    let rings = Int64(ringCount)
    let hasDisks = !tiers.disks.isEmpty
    let parts = [
      Self.daemonSize,
      2 * rings.clampedProduct(Self.ringSize),
      Int64(read.recordCountMax).clampedProduct(Self.recordSize),
      Int64(loadOperationsMax).clampedProduct(Self.readSize),
      Int64(clamping: read.listingBytesMax),
      rings.clampedProduct(Int64(read.passThroughBytesPerRing)),
      hasDisks ? rings.clampedProduct(Int64(read.storedBytesPerRing)) : 0,
      (hasDisks ? 2 : 1) * rings.clampedProduct(Int64(read.backgroundBytesPerRing)),
      localOverhead,
      writesObjects ? Int64(UploadMemory.sizeMax(limit: uploadMemory)) : 0,
      Int64(tiers.disks.count).clampedProduct(checksumCacheSize),
      hasCoordinator ? coordinatorOverhead : 0,
    ]
    return parts.reduce(0) { TierPlan.sum($0, $1) }
  }

  /// Whether a mount is a bucket's.
  private var writesObjects: Bool {
    mounts.contains { $0.uri.namesBucket }
  }

  /// Bytes of memory that the coordinator's role takes, at most.
  private var coordinatorOverhead: Int64 {
    let parts = [
      Self.coordinatorSize,
      Int64(waitingJobCountMax).clampedProduct(Self.waitingJobSize),
      Int64(SchedulerLimits().totalWindow).clampedProduct(Self.listedFileSize),
    ]
    return parts.reduce(0) { TierPlan.sum($0, $1) }
  }
}

extension Int64 {
  /// The product of two that are not negative, which stops at the largest int64.
  fileprivate func clampedProduct(_ other: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
