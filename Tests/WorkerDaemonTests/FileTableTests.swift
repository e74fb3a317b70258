import Model
import Ring
import Synchronization
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

@Suite("FileTable")
struct FileTableTests {
  /// A record of a file called `name` with a `token`.
  static func record(_ name: String, token: String = "t", now: UInt64 = 1) throws -> FileRecord {
    let place = try TestMounts.temporary().locate(alluxioPath: "/\(name)")
    let status = FileStatus(
      ufsPath: place.ufsPath, kind: .file, length: 10, modificationTime: 1_700_000_000_000_000_000,
      version: FileVersion(token: token, length: 10))
    return FileRecord(status, at: place, now: now, decision: RuleDecision(validity: 100))
  }

  @Test("a status asked for before a change made here is not kept after it")
  func epochs() throws {
    let table = FileTable(countMax: 100)
    let record = try Self.record("a")
    let path = record.id
    let before = table.epoch(of: path)
    table.remove(path)
    table.insert(record, epoch: before)
    #expect(table.record(of: path) == nil)
    table.insert(record, epoch: table.epoch(of: path))
    #expect(table.record(of: path) === record)
  }

  @Test("removing a directory forgets what is below it and nothing beside it")
  func removeTree() throws {
    let table = FileTable(countMax: 1000)
    let names = ["d", "d/a", "d/e/b", "d2/c", "dd"]
    for name in names {
      let record = try Self.record(name)
      table.insert(record, epoch: table.epoch(of: record.id))
    }
    let root = try Self.record("d").status.ufsPath
    let removed = table.removeTree(root)
    #expect(removed.count == 3)
    #expect(removed.allSatisfy { !$0.isFresh(now: 1, validity: .max) })
    #expect(table.count == 2)
  }

  @Test("names that differ only in their composition are two files")
  func composition() throws {
    let table = FileTable(countMax: 100)
    let composed = try Self.record("\u{fc}")
    let decomposed = try Self.record("u\u{308}")
    table.insert(composed, epoch: table.epoch(of: composed.id))
    #expect(table.record(of: decomposed.id) == nil)
    table.insert(decomposed, epoch: table.epoch(of: decomposed.id))
    #expect(table.record(of: composed.id) === composed)
  }

  @Test("a full table makes room and stays within its bound")
  func bounded() throws {
    let table = FileTable(countMax: 1024)
    for index in 0..<5000 {
      let record = try Self.record("f\(index)")
      table.insert(record, epoch: table.epoch(of: record.id))
    }
    #expect(table.count <= 1024)
    #expect(table.count >= 512)
  }

  /// Counts from several tasks.
  private final class Count: Sendable {
    let value = Atomic<Int>(0)
  }

  @Test("one of many tasks asks for a path, the others wait for it and look again")
  func oneAsks() async throws {
    let table = FileTable(countMax: 100)
    let id = FileID(ufsPath: "p")
    let (asking, looked) = (Count(), Count())
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask {
          switch await table.turn(for: id) {
          case .ask:
            // Nobody else may ask before this turn ends.
            #expect(asking.value.wrappingAdd(1, ordering: .relaxed).newValue == 1)
            await Task.yield()
            asking.value.wrappingSubtract(1, ordering: .relaxed)
            table.finish(id)
          case .cancelled: Issue.record("nobody is cancelled")
          case .lookAgain: looked.value.wrappingAdd(1, ordering: .relaxed)
          }
        }
      }
    }
    #expect(looked.value.load(ordering: .relaxed) < 50)
  }

  @Test("a cancelled task waits no longer for another's question, and takes nobody's turn with it")
  func cancelledWait() async throws {
    let table = FileTable(countMax: 100)
    let id = FileID(ufsPath: "p")
    guard case .ask = await table.turn(for: id) else {
      Issue.record("the first one asks")
      return
    }
    let leaver = Task { await table.turn(for: id) }
    let stayer = Task { await table.turn(for: id) }
    leaver.cancel()
    guard case .cancelled = await leaver.value else {
      Issue.record("the wait ends with the cancellation")
      return
    }
    table.finish(id)
    switch await stayer.value {
    // It may come only after the turn has ended.
    case .ask: table.finish(id)
    case .lookAgain: break
    case .cancelled: Issue.record("nobody cancelled it")
    }
    guard case .ask = await table.turn(for: id) else {
      Issue.record("the turn is free")
      return
    }
    table.finish(id)
  }

  @Test("a record is fresh for its validity and not once a change here dropped it")
  func freshness() throws {
    let record = try Self.record("a", now: 100)
    #expect(record.isFresh(now: 149, validity: 50))
    #expect(!record.isFresh(now: 150, validity: 50))
    record.confirm(now: 150)
    #expect(record.isFresh(now: 199, validity: 50))
    record.drop()
    #expect(!record.isFresh(now: 151, validity: 50))
  }

  @Test("answers about a version carry its entity tag, its date and that ranges are served")
  func headerLines() throws {
    let text = String(decoding: try Self.record("a").headerLines, as: UTF8.self)
    #expect(text.hasPrefix("ETag: \""))
    #expect(text.contains("\r\nLast-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n"))
    #expect(text.hasSuffix("Accept-Ranges: bytes\r\n"))
    #expect(!text.split(separator: "\r\n")[0].contains("-"))
  }
}
