// What happened in a simulation: a hash of every event, and the last of them for whoever has to read a failure.

/// The events of one simulation.
///
/// Confined to the thread that runs the simulation.
package final class SimTrace: @unchecked Sendable {
  /// One event: what, when, and three numbers.
  package struct Event: Sendable {
    /// Virtual nanoseconds.
    package let time: UInt64
    /// What happened, such as `device.write`.
    package let name: StaticString
    /// What it happened to.
    package let numbers: (Int, Int, Int)

    /// One line.
    package var text: String {
      "\(time / 1000) us  \(name) \(numbers.0) \(numbers.1) \(numbers.2)"
    }
  }

  private static let keptMax = 400
  private var kept: [Event] = []
  private var oldest = 0
  /// A hash of every event so far, order included.
  package private(set) var hash: UInt64 = 0x5EED
  /// Events so far.
  package private(set) var count = 0
  /// Called with each event; for verbose runs.
  package var onEvent: ((Event) -> Void)?

  /// An empty trace.
  package init() { kept.reserveCapacity(SimTrace.keptMax) }

  /// Adds an event.
  package func record(
    _ name: StaticString, at time: UInt64, _ first: Int = 0, _ second: Int = 0, _ third: Int = 0
  ) {
    count += 1
    name.withUTF8Buffer { bytes in
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    for number in [
      time, UInt64(bitPattern: Int64(first)), UInt64(bitPattern: Int64(second)),
      UInt64(bitPattern: Int64(third)),
    ] {
      hash = SimRandom.mix(hash ^ number)
    }
    let event = Event(time: time, name: name, numbers: (first, second, third))
    if kept.count < SimTrace.keptMax {
      kept.append(event)
    } else {
      kept[oldest] = event
      oldest = (oldest + 1) % SimTrace.keptMax
    }
    onEvent?(event)
  }

  /// The last `count` events, oldest first.
  package func last(_ count: Int) -> [Event] {
    let ordered = kept[oldest...] + kept[..<oldest]
    return Array(ordered.suffix(count))
  }
}
