import DaemonDriver
import Glibc
import LocalWire
import Model
import PageStore
import Ring
import Synchronization

@testable import WorkerDaemon

/// Leases under everything that can happen to them, one step at a time, from a seed.
///
/// Readers copy a page in pieces; between two pieces pages are filled, evicted and overwritten, and leases given, released,
/// expired, revoked and lost with their connection. The oracle: who finds the word live behind the copy has the page's bytes.
final class LeaseModel {
  /// What the oracle and the coverage counters saw.
  struct Report: Equatable {
    var wrong = 0
    var right = 0
    var thrownAway = 0
    var given = 0
    var crashes = 0
    var evictions = 0
    var expired = 0
    var revoked = 0
  }

  private static let pageSize = 64 << 10
  private static let fileCount: UInt64 = 3
  private static let pageCount: UInt32 = 10

  private final class Clock: Sendable {
    let value = Atomic<UInt64>(1_000_000_000)
  }

  private struct Lease {
    let mark: LeaseMark
    let region: UInt16
    let offset: Int
    let count: Int
    let key: PageKey
  }

  private struct Read {
    let lease: Lease
    let client: Int
    let words: LeaseWords
    let source: UnsafeRawPointer
    /// Keeps the words mapped when the connection is gone, as a client's own mapping would.
    let table: SealedMemory
    let window: SealedMemory?
    var copied: [UInt8] = []
    var wasLiveBefore: Bool
  }

  private final class Pending {
    private var fill: PageFill?
    init(_ fill: consuming PageFill) { self.fill = consume fill }
    func take() -> PageFill? { fill.take() }
  }

  private final class Client {
    let book: LeaseBook
    var leases: [Lease] = []
    var old: [LeaseMark] = []
    var reads: [Read] = []
    init(_ book: LeaseBook) { self.book = book }
  }

  private var random: SeededRandom
  private let store: PageStore
  private let memory: LeasedMemory
  private let budget = WindowBudget(limit: 1 << 20)
  private var clients: [Client] = []
  private var reads: [Read] = []
  private var fills: [Pending] = []
  private var versions: [UInt64]
  private let time = Clock()
  private var now: UInt64 = 1_000_000_000 {
    didSet { time.value.store(now, ordering: .relaxed) }
  }
  /// A reader that looks at the word first and copies then: the mistake that the oracle must find.
  private let isCareless: Bool
  private(set) var report = Report()

  init(seed: UInt64, isCareless: Bool = false) throws {
    random = SeededRandom(seed: seed)
    self.isCareless = isCareless
    var options = PageStoreOptions()
    options.pageSize = Self.pageSize
    options.seed = seed
    options.clock = { [time] in time.value.load(ordering: .relaxed) }
    store = try PageStore(memory: 1 << 20, disks: [], options: options)
    guard let memory = LeasedMemory(store, limit: 512 << 10) else {
      throw LocalClientError(description: "no memory")
    }
    self.memory = memory
    versions = (0..<Self.fileCount).map { _ in 1 }
    for _ in 0..<3 { clients.append(Client(try makeBook())) }
  }

  private func makeBook() throws -> LeaseBook {
    let limits = LeaseBook.Limits(
      slots: 6, share: 256 << 10, term: 30_000, holdMax: 100_000)
    return try LeaseBook(
      limits, memory: memory, window: try LeaseWindow(size: 64 << 10, budget: budget))
  }

  private func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

  private func key() -> PageKey {
    let file = pick(Int(Self.fileCount))
    return PageKey(
      file: FileKey(high: UInt64(file), low: versions[file]),
      index: UInt32(pick(Int(Self.pageCount))))
  }

  /// Pages of one unit to four, so that freed units are given to pages of other sizes.
  private func length(_ key: PageKey) -> Int { 4096 * (1 + Int(key.index) % 4) }

  /// Writes the bytes of `range` of a page: another one for each KiB of each page of each version.
  private func write(_ key: PageKey, _ range: Range<Int>, to memory: UnsafeMutableRawPointer) {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: 1024) {
      let name = key.file.high << 40 | key.file.low << 16 | UInt64(key.index)
      let mixed = (name &+ 1) &* 0x9E37_79B9_7F4A_7C15
      let byte = UInt8(truncatingIfNeeded: mixed >> 56 &+ UInt64(start / 1024) &* 77)
      memset(memory + start, Int32(byte), min(1024, range.upperBound - start))
    }
  }

  /// Whether `bytes` are those of the page.
  private func isRight(_ bytes: [UInt8], _ key: PageKey) -> Bool {
    var expected = [UInt8](repeating: 0, count: bytes.count)
    expected.withUnsafeMutableBytes { buffer in
      if let base = buffer.baseAddress { write(key, 0..<bytes.count, to: base) }
    }
    return memcmp(expected, bytes, bytes.count) == 0
  }

  /// Does `count` steps and ends everything.
  func run(_ count: Int) throws -> Report {
    for _ in 0..<count {
      try step()
      for client in clients { client.book.checkInvariants() }
    }
    while !reads.isEmpty { proceed(0) }
    for client in clients { client.book.endAll() }
    fills = []
    precondition(memory.bytes == 0 && memory.leases == 0, "nothing stays leased")
    precondition(store.statistics.doomedPages == 0, "no pin stays")
    return report
  }

  private func step() throws {
    now += UInt64(pick(400))
    switch pick(200) {
    case 0..<32: beginFill()
    case 32..<60: endFill()
    case 60..<92: lease()
    case 92..<100: leaseIntoWindow()
    case 100..<108: release()
    case 108..<112: clients[pick(clients.count)].book.renew([], now: now)
    case 112..<114: expire()
    case 114..<116: revoke()
    case 116: try crash()
    case 117..<121: overwrite()
    case 121..<125: evict()
    case 125..<140: beginRead()
    default: if !reads.isEmpty { proceed(pick(reads.count)) }
    }
  }

  // MARK: The store

  private func beginFill() {
    let key = key()
    guard fills.count < 3 else { return }
    switch store.fill(key, length: length(key), now: now) {
    case .owner(let fill):
      // Half of the bytes at once: what was there before is gone from here on.
      if let base = fill.buffer.baseAddress { write(key, 0..<fill.buffer.count / 2, to: base) }
      fills.append(Pending(fill))
    default: break
    }
  }

  private func endFill() {
    guard !fills.isEmpty else { return }
    guard let fill = fills.remove(at: pick(fills.count)).take() else { return }
    if pick(8) == 0 { return }
    let key = fill.key
    let half = fill.buffer.count / 2
    if let base = fill.buffer.baseAddress { write(key, half..<fill.buffer.count, to: base) }
    _ = fill.commit(now: now)
  }

  private func overwrite() {
    let file = pick(Int(Self.fileCount))
    store.drop(FileKey(high: UInt64(file), low: versions[file]))
    versions[file] += 1
  }

  private func evict() {
    let before = store.statistics.evictions
    store.evict(toUsed: pick(2) == 0 ? 0 : 512 << 10)
    report.evictions += Int(store.statistics.evictions - before)
  }

  // MARK: Leases

  private func lease() {
    let client = clients[pick(clients.count)]
    let key = key()
    guard let lease = store.hold(key, now: now) else { return }
    note(client.book.give(lease, now: now), key, client)
  }

  private func leaseIntoWindow() {
    let client = clients[pick(clients.count)]
    let key = key()
    guard let lease = store.hold(key, now: now), let window = client.book.window,
      let units = window.take(lease.count)
    else { return }
    window.bytes(of: units).copyMemory(from: lease.bytes)
    note(client.book.give(units, count: lease.count, now: now), key, client)
  }

  private func note(_ grant: LeaseBook.Grant, _ key: PageKey, _ client: Client) {
    guard case .leased(let mark, let region, let offset, let count) = grant else { return }
    report.given += 1
    client.leases.append(
      Lease(mark: mark, region: region, offset: Int(offset), count: Int(count), key: key))
    if client.leases.count > 12 { client.leases.removeFirst() }
  }

  private func release() {
    let client = clients[pick(clients.count)]
    var marks = client.old.suffix(2) + [LeaseMark(slot: UInt32(pick(9)), generation: 1)]
    if !client.leases.isEmpty {
      // Known to the client still: it may read what it has given back.
      marks.append(client.leases[pick(client.leases.count)].mark)
    }
    client.book.end(Array(marks))
    client.old.append(contentsOf: marks)
    if client.old.count > 20 { client.old.removeFirst(10) }
  }

  private func expire() {
    now += UInt64(pick(40_000))
    for client in clients {
      let (term, hold) = client.book.expire(now: now)
      report.expired += term.count + hold.count
    }
  }

  private func revoke() {
    let client = clients[pick(clients.count)]
    report.revoked += client.book.revoke(client.book.want(now: now)).count
  }

  /// A client dies, or the worker ends it; another one comes.
  private func crash() throws {
    let place = pick(clients.count)
    clients[place].book.endAll()
    clients[place] = Client(try makeBook())
    report.crashes += 1
  }

  // MARK: Readers

  private func beginRead() {
    let place = pick(clients.count)
    let client = clients[place]
    guard reads.count < 6, !client.leases.isEmpty else { return }
    let lease = client.leases[client.leases.count - 1 - pick(min(4, client.leases.count))]
    let base: UnsafeRawPointer
    if lease.region == 0 {
      guard let window = client.book.window else { return }
      base = UnsafeRawPointer(window.memory.base)
    } else {
      base = UnsafeRawPointer(store.arenas.arenas[Int(lease.region) - 1].base)
    }
    reads.append(
      Read(
        lease: lease, client: place, words: client.book.words, source: base + lease.offset,
        table: client.book.table, window: client.book.window?.memory,
        wasLiveBefore: client.book.words.isLive(lease.mark)))
  }

  /// Copies the next piece of a read; behind the last one the word decides.
  private func proceed(_ place: Int) {
    var read = reads[place]
    let piece = max(512, read.lease.count / 4)
    let start = read.copied.count
    let end = min(read.lease.count, start + piece)
    read.copied += UnsafeRawBufferPointer(start: read.source + start, count: end - start)
    guard end == read.lease.count else {
      reads[place] = read
      return
    }
    reads.remove(at: place)
    let isLive = isCareless ? read.wasLiveBefore : read.words.isLive(read.lease.mark)
    guard isLive else {
      report.thrownAway += 1
      return
    }
    if isRight(read.copied, read.lease.key) { report.right += 1 } else { report.wrong += 1 }
  }
}
