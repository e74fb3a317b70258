// A store that is far away: S3's GET, HEAD and listing over objects that it makes up, each read answered a fixed time after
// its request came, however many are under way. One thread does it all, so that whoever reads is what is measured.

package import DaemonDriver

import Glibc
import Synchronization

/// A distant store on a thread of its own; it ends with the value.
// SAFETY: the thread handle is only joined, once, at the end; everything else is behind the loop's lock.
@safe package final class LatencyOrigin: @unchecked Sendable {
  /// What it counted.
  package struct Counters: Sendable {
    /// Reads answered.
    package var reads = 0
    /// The most reads that ever waited for their answer at once.
    package var inFlightMax = 0
  }

  /// A request, when it came.
  package struct Arrival: Sendable {
    /// Nanoseconds of the monotonic clock.
    package let time: UInt64
    /// Whether it reads an object, rather than asks for a status or a listing.
    package let isRead: Bool
  }

  private let loop: LatencyLoop
  private var thread = pthread_t()

  /// Starts a store with `content`, whose objects are read with `latency`; questions and listings are answered at once.
  ///
  /// With `logsArrivals` it writes down when each request came.
  package init(
    _ content: ListingOrigin.Content, latency: Duration, logsArrivals: Bool = false
  ) throws(DriverError) {
    precondition(content.size >= 8, "an object tells its number")
    loop = try LatencyLoop(content, latency: latency, logsArrivals: logsArrivals)
    // SAFETY: the thread releases what is retained for it here.
    let context = unsafe Unmanaged.passRetained(loop)
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<LatencyLoop>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      unsafe context.release()
      throw .program("the store's thread cannot be started: errno \(code)")
    }
  }

  deinit {
    loop.stop()
    pthread_join(thread, nil)
  }

  /// Where it listens, on loopback.
  package var port: UInt16 { loop.port }

  /// What was counted since the last time.
  package func takeCounters() -> Counters { loop.takeCounters() }

  /// The requests since the last time, in their order.
  package func takeArrivals() -> [Arrival] { loop.takeArrivals() }

  /// The bytes of object `index` of `content`: its number, then a pattern.
  package static func bytes(_ index: Int, of content: ListingOrigin.Content) -> [UInt8] {
    var bytes = (0..<content.size).map { UInt8(truncatingIfNeeded: $0 &* 131 ^ $0 >> 8) }
    for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: index >> (8 * place)) }
    return bytes
  }
}
