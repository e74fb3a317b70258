// What is read, in which order, and how.

import ArgumentParser
import BenchSupport

/// The way on which bytes are read.
enum ReadWay: String, ExpressibleByArgument, CaseIterable, Sendable {
  /// Leased memory.
  case shm
  /// The domain socket.
  case uds
  /// The worker's REST interface.
  case http
  /// The worker's object interface.
  case s3
}

/// The order of the reads.
enum ReadPattern: String, ExpressibleByArgument, CaseIterable, Sendable {
  /// One after the other, again and again.
  case seq
  /// Any, each time.
  case random
  /// Each once in a new order, again and again.
  case epoch
  /// The first bytes of the file, by a new client each time.
  case open
  /// No bytes: one question and its answer.
  case ping
}

/// What the figures are divided by.
enum ReadReference: String, ExpressibleByArgument, CaseIterable, Sendable {
  /// Nothing.
  case none
  /// pread(2) of the same bytes of a file in tmpfs.
  case pread
  /// The same, with a CRC32C of what was read.
  case preadCRC = "pread-crc"
  /// A byte sent through a Unix socket and back, by a thread on the server's CPU.
  case pingPong = "ping-pong"
  /// The same, by a thread that looks for the answer as long as the client does before it sleeps.
  case spinningPingPong = "spinning-ping-pong"
  /// A new connection to a process that hands out a descriptor, a mapping of it, and a copy.
  case bareOpen = "bare-open"
}

/// The whole of a measurement.
struct ReadPlan: Sendable {
  let way: ReadWay
  let pattern: ReadPattern
  let reference: ReadReference
  /// Bytes of each read, and of the file.
  let size: Int
  let dataSize: Int
  let threads: Int
  /// Whether a CRC32C of each read is computed, in place where there is a place.
  let isChecked: Bool
  /// Whether bytes are looked at where they are leased, and not copied.
  let isInPlace: Bool
  /// Reads begun in a second by all threads; 0: as soon as the one before ends.
  let rate: Double
  let serverCPU: Int?
  let clientCPU: Int?

  /// Reads that the file has room for.
  var blockCount: Int { max(1, dataSize / size) }

  /// Bytes of the worker's memory.
  ///
  /// A fourth of it may be leased: by each thread's client all of the file, by the one that compares, and by one more.
  var memorySize: Int { max(1 << 30, 4 * (threads + 2) * dataSize) }
}

/// The order in which one thread reads blocks.
struct ReadOrder {
  private let plan: ReadPlan
  private var random: SampleGenerator
  private var order: [Int32] = []
  private var next = 0

  init(_ plan: ReadPlan, thread: Int) {
    self.plan = plan
    random = SampleGenerator(seed: UInt64(thread) + 1)
    next = plan.pattern == .seq ? thread * plan.blockCount / max(1, plan.threads) : 0
    if plan.pattern == .epoch { order = Array(0..<Int32(plan.blockCount)) }
  }

  /// The block to read now.
  mutating func block() -> Int {
    switch plan.pattern {
    case .open, .ping: return 0
    case .seq:
      if next >= plan.blockCount { next = 0 }
      next += 1
      return next - 1
    case .random: return Int(random.next() % UInt64(plan.blockCount))
    case .epoch:
      if next == 0 { order.shuffle(using: &random) }
      let block = Int(order[next])
      next = next + 1 == order.count ? 0 : next + 1
      return block
    }
  }
}
