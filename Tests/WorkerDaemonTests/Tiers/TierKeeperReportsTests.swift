// What the log says of the work between tiers, and how often.

import DaemonDriver
import Logging
import Model
import Ring
import Synchronization
import Testing

@testable import PageStore
@testable import WorkerDaemon

@Suite("TierKeeperReports")
struct TierKeeperReportsTests {
  private static let second: UInt64 = 1_000_000_000

  /// A keeper of memory alone, and what it logs.
  private static func keeper(
    _ scratch: ScratchDirectory
  ) throws -> (keeper: TierKeeper, lines: LogLines) {
    var input = ConfigurationInput()
    input.definitions = [
      "alluxio.work.dir=\(scratch.path)", "alluxio.worker.page.store.type=MEM",
      "alluxio.worker.page.store.sizes=16MB",
    ]
    let machine = MachineMemory.current()
    let settings = try WorkerSettings(try Configuration(input), mounts: [], machine: machine)
    let lines = LogLines()
    let log = Logger(label: "test") { _ in lines }
    return (try TierKeeper(try OpenedTiers(settings, Topology()), settings, log: log), lines)
  }

  @Test("work that waits for memory is told at once, and again only after a minute with more of it")
  func shortage() throws {
    let scratch = try ScratchDirectory("keeper")
    let (keeper, lines) = try Self.keeper(scratch)
    let counters = keeper.store.core.tasks.counters
    keeper.reportShortage(5 * Self.second)
    #expect(lines.taken == [])
    counters.memoryShortages.add(3, ordering: .relaxed)
    keeper.reportShortage(6 * Self.second)
    let first = lines.taken
    #expect(first.count == 1)
    #expect(first.first?.contains("waits for memory") == true)
    #expect(first.first?.contains("waits=3") == true && first.first?.contains("lower") == true)
    keeper.reportShortage(7 * Self.second)
    counters.memoryShortages.add(1, ordering: .relaxed)
    keeper.reportShortage(8 * Self.second)
    keeper.reportShortage(70 * Self.second)
    #expect(lines.taken == [], "nothing more happened since")
    counters.memoryShortages.add(1, ordering: .relaxed)
    keeper.reportShortage(71 * Self.second)
    #expect(lines.taken.count == 1)
  }

  @Test(
    "a corrupt page is told with its file, page and place; the others of its volume are counted")
  func corruption() async throws {
    let scratch = try ScratchDirectory("keeper")
    let (keeper, lines) = try Self.keeper(scratch)
    let pages = keeper.store.core.tasks.corruptPages
    func page(_ index: UInt32, disk: Int = 0, isDoubtful: Bool = false) -> CorruptPage {
      CorruptPage(
        key: PageKey(file: FileKey(high: 0xAB, low: 7), index: index), disk: disk, offset: 4096,
        length: 100, isDoubtful: isDoubtful)
    }
    await keeper.reportCorruption(Self.second) { _ in "/data/a" }
    #expect(lines.taken == [])
    for index in 0..<100 as Range<UInt32> { pages.add(page(index)) }
    pages.add(page(0))
    await keeper.reportCorruption(2 * Self.second) { _ in "/data/a" }
    let first = lines.taken
    #expect(first.count == 1, "\(first)")
    let line = try #require(first.first)
    for part in ["refetched", "file=/data/a", "page=0", "volume=0", "offset=4096", "bytes=100"] {
      #expect(line.contains(part), "\(line)")
    }
    pages.add(page(5, disk: 1, isDoubtful: true))
    pages.add(page(6))
    await keeper.reportCorruption(3 * Self.second) { _ in nil }
    let second = lines.taken
    #expect(second.count == 1 && second[0].contains("from before a crash"), "\(second)")
    #expect(second[0].contains("file=00000000000000ab0000000000000007"))
    pages.add(page(9))
    await keeper.reportCorruption(40 * Self.second) { _ in "/data/a" }
    let third = lines.taken
    #expect(third.count == 1 && third[0].contains("others=101"), "\(third)")
  }

  @Test("a line that comes again is counted, and other kinds are told")
  func limit() {
    let limit = LineLimit(interval: 10)
    #expect(limit.turn(of: "a", now: 1, count: 4) == .tell(suppressed: 3))
    #expect(limit.turn(of: "a", now: 5) == .keepQuiet && limit.turn(of: "a", now: 6) == .keepQuiet)
    #expect(limit.turn(of: "b", now: 6) == .tell(suppressed: 0))
    #expect(limit.turn(of: "a", now: 11) == .tell(suppressed: 2))
  }
}

/// Keeps what is logged.
final class LogLines: LogHandler, Sendable {
  private let lines = Mutex<[String]>([])
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  /// The lines since the last look, with their metadata behind them.
  var taken: [String] {
    lines.withLock { lines in
      defer { lines = [] }
      return lines
    }
  }

  func log(event: LogEvent) {
    let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0)=\($1)" }
    lines.withLock { $0.append("\(event.message)\(fields.joined())") }
  }
}
