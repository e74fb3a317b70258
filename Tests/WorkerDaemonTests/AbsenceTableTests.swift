import Model
import Testing

@testable import WorkerDaemon

@Suite struct AbsenceTableTests {
  private let decision = RuleDecision(validity: .max)

  private func insert(_ path: String, into table: AbsenceTable, now: UInt64 = 0) {
    table.insert(
      FileID(ufsPath: path), path: path, now: now, epoch: table.epoch, under: decision)
  }

  private func contains(_ path: String, _ table: AbsenceTable, now: UInt64 = 0) -> Bool {
    table.contains(FileID(ufsPath: path), now: now, generation: decision.generation)
  }

  @Test("an absence is believed for its time and no longer, however long its rules say")
  func expiry() {
    let table = AbsenceTable(validityMax: 100)
    insert("s3://b/x", into: table, now: 50)
    #expect(contains("s3://b/x", table, now: 149))
    #expect(!contains("s3://b/x", table, now: 150))
    #expect(table.size.count == 0)
    #expect(table.size.bytes == 0)
  }

  @Test(
    "rules that ask each time leave nothing to believe, and changed rules end what was believed")
  func rules() {
    let table = AbsenceTable(validityMax: 100)
    let id = FileID(ufsPath: "s3://b/x")
    table.insert(
      id, path: "s3://b/x", now: 0, epoch: table.epoch, under: RuleDecision(validity: 0))
    #expect(table.size.count == 0)
    insert("s3://b/x", into: table)
    #expect(!table.contains(id, now: 0, generation: decision.generation + 1))
  }

  @Test("a change made here ends the absences at, above and below it, and none beside it")
  func changes() {
    let table = AbsenceTable(validityMax: 100)
    let paths = ["s3://b/d", "s3://b/d/e", "s3://b/d/e/f", "s3://b/d/e2", "s3://b/o"]
    for path in paths { insert(path, into: table) }
    table.forget("s3://b/d/e", tree: false)
    #expect(paths.filter { contains($0, table) } == ["s3://b/d/e/f", "s3://b/d/e2", "s3://b/o"])
    for path in paths { insert(path, into: table) }
    table.forget("s3://b/d/e", tree: true)
    #expect(paths.filter { contains($0, table) } == ["s3://b/d/e2", "s3://b/o"])
  }

  @Test("an answer asked for before a change made here is not believed")
  func epochs() {
    let table = AbsenceTable(validityMax: 100)
    let epoch = table.epoch
    table.forget("s3://b/x", tree: false)
    table.insert(
      FileID(ufsPath: "s3://b/x"), path: "s3://b/x", now: 0, epoch: epoch, under: decision)
    #expect(!contains("s3://b/x", table))
  }

  @Test("a million absent paths take the memory of as many as are allowed")
  func bounds() {
    let table = AbsenceTable(validityMax: 100, countMax: 100, bytesMax: 100_000)
    for index in 0..<5000 {
      insert("s3://b/" + String(repeating: "p", count: index % 3000) + "\(index)", into: table)
      #expect(table.size.count <= 100)
      #expect(table.size.bytes <= 100_000)
    }
    #expect(table.size.count > 0)
  }
}

@Suite struct UFSAncestorsTests {
  @Test("the directories above a path, up to its store's root")
  func chains() {
    #expect(ancestors(ofUFSPath: "file:///a/b/c") == ["file:///a/b", "file:///a", "file:///"])
    #expect(ancestors(ofUFSPath: "file:///a") == ["file:///"])
    #expect(ancestors(ofUFSPath: "file:///").isEmpty)
    #expect(ancestors(ofUFSPath: "s3://b/d/x").prefix(2) == ["s3://b/d", "s3://b"])
    #expect(ancestors(ofUFSPath: "").isEmpty)
  }
}
