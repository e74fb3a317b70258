import Glibc
import Model
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

  @Test("a log that cannot be opened is damaged, and the error says what to do")
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
      #expect(error.description.contains("move it away"))
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
}
