import Glibc
import Model
import Rocks
import Synchronization
import Testing

@testable import PageStore

@Suite("RocksPageLog")
struct RocksPageLogTests {
  static let id = VolumeID(high: 1, low: 2)

  private func record(_ unit: UInt32, sequence: UInt64 = 1) -> StoredPage {
    StoredPage(
      unit: unit, key: key(Int(unit), unit), length: 4096, root: unit &* 3, sequence: sequence,
      filledAt: 9)
  }

  private func restore(_ log: RocksPageLog) throws -> (pages: [StoredPage], bad: [[Int]]) {
    var pages: [StoredPage] = []
    var bad: [[Int]] = []
    try log.restore {
      pages.append($0)
    } quarantined: {
      bad.append([Int($0), $1])
    }
    return (pages, bad)
  }

  @Test("records come back after a close, in order of units, without those removed")
  func reopen() async throws {
    let folder = TemporaryDirectory()
    let path = "\(folder.path)/log"
    var log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    #expect(try restore(log).pages == [])
    for unit: UInt32 in [70_000, 3, 256, 255, 65_536, 1] { log.put(record(unit)) }
    log.put(record(3, sequence: 8))
    log.remove(unit: 256)
    log.quarantine(unit: 255, count: 7)
    await log.flush()
    #expect(log.statistics.changes == 10)
    log.close()
    log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    let found = try restore(log)
    #expect(found.pages == [record(1), record(3, sequence: 8), record(65_536), record(70_000)])
    #expect(found.bad == [[255, 7]])
    log.close()
  }

  @Test("what was flushed is there when the process dies without a close")
  func killed() async throws {
    let folder = TemporaryDirectory()
    let log = try RocksPageLog(path: "\(folder.path)/log", volume: RocksPageLogTests.id)
    _ = try restore(log)
    for unit: UInt32 in 0..<5000 { log.put(record(unit)) }
    await log.flush()
    // A copy of the files is what a killed process leaves.
    #expect(folder.run("cp", "-r", "\(folder.path)/log", "\(folder.path)/copy"))
    log.close()
    let copy = try RocksPageLog(path: "\(folder.path)/copy", volume: RocksPageLogTests.id)
    #expect(!copy.wasClosed)
    #expect(try restore(copy).pages.count == 5000)
    copy.close()
    for round in 0..<2 {
      // Opening alone ends it: what comes after may not be in the log.
      let again = try RocksPageLog(path: "\(folder.path)/copy", volume: RocksPageLogTests.id)
      #expect(again.wasClosed == (round == 0))
    }
  }

  @Test("changes that are not waited for are written by a close")
  func closes() throws {
    let folder = TemporaryDirectory()
    let path = "\(folder.path)/log"
    var log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    _ = try restore(log)
    for unit: UInt32 in 0..<100_000 { log.put(record(unit)) }
    log.close()
    log.put(record(200_000))
    #expect(log.statistics.dropped == 0)
    #expect(log.statistics.groups < 1000, "changes are written in groups")
    log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    #expect(try restore(log).pages.count == 100_000)
    log.close()
    log.close()
  }

  @Test("a log that cannot be opened is damaged, and the error names it")
  func damaged() async throws {
    let folder = TemporaryDirectory()
    let path = "\(folder.path)/log"
    let log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    _ = try restore(log)
    log.put(record(1))
    log.close()
    folder.overwrite("log/CURRENT", at: 0, Array("MANIFEST-999999\n".utf8))
    do {
      _ = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
      Issue.record("a damaged log opened")
    } catch {
      #expect(error.code == .volumeLogDamaged)
      #expect(error.description.contains(path))
    }
  }

  @Test("rot in the tables is found when they are read: the log goes aside and goes on empty")
  func rot() async throws {
    let folder = TemporaryDirectory()
    let path = "\(folder.path)/log"
    var log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    _ = try restore(log)
    for unit: UInt32 in 0..<200_000 { log.put(record(unit)) }
    log.close()
    // Opened again the write-ahead log becomes tables.
    log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    _ = try restore(log)
    log.close()
    let tables = folder.names("log").filter { $0.hasSuffix(".sst") }
    #expect(!tables.isEmpty)
    for table in tables {
      let size = folder.size("log/\(table)") ?? 0
      folder.overwrite("log/\(table)", at: size / 2, Array(repeating: 0x55, count: 64))
    }
    log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    var count = 0
    do {
      try log.restore { _ in
        count += 1
      } quarantined: { _, _ in
      }
      Issue.record("rot was not seen")
    } catch {
      #expect(error.code == .volumeLogDamaged)
      #expect(error.subject.contains("log.damaged-1"))
    }
    #expect(count < 200_000)
    #expect(folder.names("").contains("log.damaged-1"))
    log.put(record(7))
    log.close()
    log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    #expect(try restore(log).pages == [record(7)])
    log.close()
  }

  @Test("another volume's log is refused, and so is one that is open")
  func others() async throws {
    let folder = TemporaryDirectory()
    let path = "\(folder.path)/log"
    let log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    #expect { try RocksPageLog(path: path, volume: RocksPageLogTests.id) } throws: {
      ($0 as? PageStoreError)?.code == .volumeUnavailable
    }
    log.close()
    #expect { try RocksPageLog(path: path, volume: VolumeID(high: 1, low: 3)) } throws: {
      ($0 as? PageStoreError)?.code == .volumeMismatch
    }
  }

  @Test("what RocksDB refuses is told, tried again, and written once it can be")
  func refused() async throws {
    let folder = TemporaryDirectory()
    let path = "\(folder.path)/log"
    let faults = Faults()
    var log = try RocksPageLog(path: path, volume: RocksPageLogTests.id, retryInterval: 1_000_000) {
      faults.next()
    }
    _ = try restore(log)
    faults.fail(3, "IO error: No space left on device: While appending to file: /x: y")
    log.put(record(1))
    await log.flush()
    #expect(log.statistics.failedGroups > 0)
    faults.fail(1_000_000, "IO error: While appending to file: /x/LOCK: Too many open files")
    log.put(record(2))
    await log.flush()
    #expect(log.failure?.contains("Too many open files") == true)
    faults.fail(0, "")
    while log.failure != nil || log.statistics.pendingBytes > 0 { await log.flush() }
    let statistics = log.statistics
    #expect(statistics.reopened > 3 && statistics.lostGroups == 0 && statistics.dropped == 0)
    log.close()
    log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    #expect(log.wasClosed, "nothing was lost")
    #expect(try restore(log).pages == [record(1), record(2)])
    log.close()
  }

  @Test("a log that is closed while RocksDB refuses ends at once, and not as whole")
  func lost() async throws {
    let folder = TemporaryDirectory()
    let path = "\(folder.path)/log"
    let faults = Faults()
    var log = try RocksPageLog(
      path: path, volume: RocksPageLogTests.id, retryInterval: 60_000_000_000
    ) { faults.next() }
    _ = try restore(log)
    faults.fail(1_000_000, "IO error: x")
    log.put(record(1))
    await log.flush()
    log.close()
    #expect(log.statistics.lostGroups == 1)
    log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    #expect(!log.wasClosed)
    log.close()
  }

  @Test("a bad run that was forgiven is none at the next start")
  func forgiven() throws {
    let folder = TemporaryDirectory()
    let path = "\(folder.path)/log"
    var log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    _ = try restore(log)
    log.quarantine(unit: 3, count: 2)
    log.quarantine(unit: 9, count: 1)
    log.forgive(unit: 3)
    log.close()
    log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    var bad: [UInt32] = []
    try log.restore({ _ in }, quarantined: { unit, _ in bad.append(unit) })
    #expect(bad == [9])
    log.close()
  }

  @Test("a log that was opened and closed again, and no more, is as whole as before")
  func openedOnly() throws {
    let folder = TemporaryDirectory()
    let path = "\(folder.path)/log"
    var log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    _ = try restore(log)
    log.put(record(1))
    log.close()
    for _ in 0..<2 {
      log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
      #expect(log.wasClosed)
      log.close()
    }
    log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    log.put(record(2))
    log.close()
    log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
    #expect(!log.wasClosed, "a change before the restore is not written")
    log.close()
  }

  @Test("of logs that were moved aside the two newest are kept")
  func aside() throws {
    let folder = TemporaryDirectory()
    let path = "\(folder.path)/log"
    for number in 1...4 {
      let log = try RocksPageLog(path: path, volume: RocksPageLogTests.id)
      log.close()
      let (place, removed) = try RocksPageLog.moveAside(path)
      #expect(place == "\(path).damaged-\(number)")
      #expect(removed == (number > 2 ? ["\(path).damaged-\(number - 2)"] : []))
    }
    #expect(folder.names("").sorted() == ["log.damaged-3", "log.damaged-4"])
  }

  @Test(
    "damage is told by RocksDB's kind and the system's words, not by paths",
    arguments: [
      ("Corruption: bad magic number in /pool/LOCK/No space left on device", true),
      ("Corruption: IO error: /x: Permission denied", true),
      ("Invalid argument: comparator: does not match existing comparator", true),
      ("IO error: No such file or directory: While open a file: /pool/1.sst: No such file", true),
      ("IO error: While pread: /pool/lock x/1.sst: Input/output error", true),
      ("IO error: While open a file: /pool/Corruption: x/1.sst: Too many open files", false),
      ("IO error: No space left on device: While appending: /p: No space left on device", false),
      ("IO error: While mkdir: /p: Permission denied", false),
      ("IO error: While lock file: /p/LOCK: Resource temporarily unavailable", false),
      ("IO error: While mmap: /p/1.sst: Cannot allocate memory", false),
      ("Resource busy: /p", false), ("out of memory", false), ("", false),
    ])
  func damage(text: String, isDamage: Bool) {
    #expect(RocksFailure(text).isDamage == isDamage)
  }
}

/// Failures that RocksDB does not have by itself.
private final class Faults: Sendable {
  private let state = Mutex<(count: Int, text: String)>((0, ""))

  func fail(_ count: Int, _ text: String) { state.withLock { $0 = (count, text) } }

  func next() -> RocksFailure? {
    state.withLock { state in
      guard state.count > 0 else { return nil }
      state.count -= 1
      return RocksFailure(state.text)
    }
  }
}
