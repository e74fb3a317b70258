// How one file is being read, over all connections: which requests continue each other, and what will be asked for next.
//
//   sequential   ▓▓▓▓▓▓│····│          the next request begins about where the last one ended
//   strided      ▓▓    ▓▓    ▓▓  ··    requests of one distance, larger than what they read
//
// Pure logic: no clock, no store.

/// The streams of one file.
struct AccessStreams {
  /// Streams told apart; the one unused the longest gives way.
  static let countMax = 8
  /// Distance from where a stream is, in bytes, within which a request still continues it: clients use many connections.
  private static let slackBounds: ClosedRange<Int64> = 128 << 10...4 << 20
  /// Requests at equal distances after which they are taken for nothing else: shards read side by side begin so, too.
  private static let stridedHitsMin = 4
  /// Steps of a strided stream that may be left out.
  private static let skipMax: Int64 = 4

  /// The shape of the file and the bounds that hold.
  struct Bounds {
    /// Bytes of a page.
    let pageSize: Int64
    /// Pages of the file.
    let pageCount: UInt32
    /// Most pages ahead; 0 while nothing may be brought.
    let windowMax: UInt32
  }

  /// What is to be done after a request.
  struct Plan: Equatable {
    /// Pages to bring, in order.
    var pages: [Range<UInt32>] = []
    /// Pages brought ahead that this request reads.
    var used = 0
    /// Pages brought ahead that nobody will read any more.
    var wasted = 0
    /// The first of the pages used; it should be here.
    var expected: UInt32?
    /// Whether pages would have been brought if any might be.
    var isWithheld = false
  }

  private struct Stream {
    var start: Int64
    var next: Int64
    /// Distance between requests; 0 for a sequential stream.
    var stride: Int64 = 0
    var hits = 0
    var window: UInt32 = 0
    /// Pages from `read` to here were brought ahead and not read yet.
    var ahead: UInt32 = 0
    var read: UInt32 = 0
    /// Requests of a strided stream that were planned for and have not come.
    var steps: Int64 = 0
    var lastUse: UInt64

    var unused: Int { stride > 0 ? Int(steps) : Int(ahead > read ? ahead - read : 0) }
  }

  private var streams: [Stream] = []
  /// The last request that continued nothing, and its distance from the one before.
  private var stray: (start: Int64, distance: Int64)?
  private var useCount: UInt64 = 0

  /// No reads yet.
  init() {}

  /// Pages brought ahead that were not read.
  var unused: Int { streams.reduce(0) { $0 + $1.unused } }

  /// Takes notice of a read of `count` bytes at `offset`, and says what to bring.
  mutating func observe(_ offset: Int64, _ count: Int64, _ bounds: Bounds) -> Plan {
    useCount += 1
    for place in streams.indices where streams[place].stride == 0 {
      guard let plan = followSequential(&streams[place], offset, count, bounds) else { continue }
      streams[place].lastUse = useCount
      return plan
    }
    for place in streams.indices where streams[place].stride > 0 {
      guard var plan = followStrided(&streams[place], offset, count, bounds) else { continue }
      streams[place].lastUse = useCount
      if streams[place].hits < Self.stridedHitsMin {
        plan.wasted += add(Stream(start: offset, next: offset + count, lastUse: useCount))
      }
      return plan
    }
    return begin(offset, count)
  }

  /// Brings no more for any stream until it has proved itself again.
  mutating func rest() {
    for place in streams.indices {
      streams[place].window = 0
      streams[place].hits = 0
    }
  }

  /// Halves what is brought ahead: it did not stay until it was read.
  mutating func shrink() {
    for place in streams.indices { streams[place].window /= 4 }
  }

  /// The plan after a request that continues a sequential stream; nil when it does not.
  private func followSequential(
    _ stream: inout Stream, _ offset: Int64, _ count: Int64, _ bounds: Bounds
  ) -> Plan? {
    let slack = min(
      max(Self.slackBounds.lowerBound, count > 2 << 20 ? 4 << 20 : 2 * count),
      Self.slackBounds.upperBound)
    guard offset >= stream.start - slack, offset - stream.next <= slack else { return nil }
    // One that came late, or again, changes nothing.
    guard offset + count > stream.next else { return Plan() }
    var plan = Plan()
    let page = UInt32(clamping: offset / bounds.pageSize)
    stream.start = max(stream.start, offset)
    stream.next = offset + count
    stream.hits += 1
    let end = UInt32(clamping: (stream.next - 1) / bounds.pageSize + 1)
    if stream.read < min(end, stream.ahead) {
      plan.used = Int(min(end, stream.ahead) - stream.read)
      plan.expected = max(stream.read, min(page, stream.ahead - 1))
    }
    stream.read = max(stream.read, end)
    stream.ahead = max(stream.ahead, end)
    guard stream.ahead - end <= stream.window / 2 else { return plan }
    stream.window = min(bounds.windowMax, max(1, stream.window * 2))
    plan.isWithheld = stream.window == 0
    let limit = min(bounds.pageCount, end + min(stream.window, .max - end))
    guard stream.ahead < limit else { return plan }
    plan.pages = [stream.ahead..<limit]
    stream.ahead = limit
    return plan
  }

  /// The plan after a request that continues a strided stream; nil when it does not.
  private func followStrided(
    _ stream: inout Stream, _ offset: Int64, _ count: Int64, _ bounds: Bounds
  ) -> Plan? {
    let distance = offset - stream.start
    guard distance > 0, distance % stream.stride == 0,
      distance / stream.stride <= Self.skipMax
    else { return distance == 0 ? Plan() : nil }
    var plan = Plan()
    let passed = distance / stream.stride
    stream.start = offset
    stream.hits += 1
    if stream.steps >= passed {
      plan.used = 1
      plan.wasted = Int(passed - 1)
      plan.expected = UInt32(clamping: offset / bounds.pageSize)
    } else {
      plan.wasted = Int(stream.steps)
    }
    stream.steps = max(0, stream.steps - passed)
    guard stream.steps <= Int64(stream.window / 2) else { return plan }
    stream.window = min(bounds.windowMax, max(1, stream.window * 2))
    plan.isWithheld = stream.window == 0
    while stream.steps < Int64(stream.window) {
      let (span, isFar) = stream.stride.multipliedReportingOverflow(by: stream.steps + 1)
      let (start, isPast) = offset.addingReportingOverflow(span)
      guard !isFar, !isPast, start / bounds.pageSize < Int64(bounds.pageCount) else { break }
      let last = min(
        Int64(bounds.pageCount) - 1, (start + min(count, bounds.pageSize) - 1) / bounds.pageSize)
      plan.pages.append(UInt32(start / bounds.pageSize)..<UInt32(last) + 1)
      stream.steps += 1
    }
    return plan
  }

  /// Makes a stream of a request that continues none, and another one when it repeats a distance.
  private mutating func begin(_ offset: Int64, _ count: Int64) -> Plan {
    var plan = Plan()
    let stream = Stream(start: offset, next: offset + count, lastUse: useCount)
    plan.wasted = add(stream)
    let distance = stray.map { offset - $0.start } ?? 0
    if distance > 0, distance == stray?.distance {
      var strided = stream
      strided.stride = distance
      plan.wasted += add(strided)
    }
    stray = (offset, distance)
    return plan
  }

  /// Adds a stream in place of the one unused the longest; returns what that brought in vain.
  private mutating func add(_ stream: Stream) -> Int {
    defer { streams.append(stream) }
    guard streams.count >= Self.countMax,
      let oldest = streams.indices.min(by: { streams[$0].lastUse < streams[$1].lastUse })
    else { return 0 }
    return streams.remove(at: oldest).unused
  }
}
