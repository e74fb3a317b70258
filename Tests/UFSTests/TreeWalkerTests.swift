import Model
import TestSupport
import Testing

@testable import UFS

@Suite("Walks over directories that are refused")
struct TreeWalkerTests {
  private func walk(
    _ refused: Set<String>, _ moment: RefusingUFS.Moment, _ options: UFSListing,
    from start: String = "", batch: Int = 2
  ) async throws -> (paths: [String], refusals: [UFSError]) {
    let (subject, directory) = try localSubject()
    for path in ["a/f", "b/c/f", "b/f", "d/f"] { try directory.put(path, [1]) }
    return try await Bench.run {
      let ufs = RefusingUFS(subject.fileSystem, refusing: refused, at: moment)
      let lister = try await ufs.walk(start, options)
      var (paths, refusals): ([String], [UFSError]) = ([], [])
      while let batch = try await lister.next(max: batch) {
        paths += batch.entries.filter { $0.status.kind == .file }.map(\.path)
        refusals += batch.refusals
      }
      await lister.close()
      return (paths, refusals)
    }
  }

  @Test(
    "a walk that may goes on beside a directory that is refused, and tells it once",
    arguments: [RefusingUFS.Moment.start, .firstBatch])
  func passed(moment: RefusingUFS.Moment) async throws {
    var options = UFSListing(order: .sorted)
    options.passesRefusals = true
    for batch in [1, 2, 100] {
      let found = try await walk(["b", "d"], moment, options, batch: batch)
      #expect(found.paths == ["a/f"])
      #expect(found.refusals.map(\.code) == [.denied, .denied])
      #expect(found.refusals.map { String($0.path.suffix(2)) } == ["/b", "/d"])
    }
  }

  @Test("a refused start ends it, and so does any refusal where nothing else is said")
  func told() async throws {
    var options = UFSListing()
    options.passesRefusals = true
    let cases: [(Set<String>, UFSListing)] = [([""], options), (["b"], UFSListing())]
    for (refused, options) in cases {
      let error = await #expect(throws: UFSError.self) {
        try await walk(refused, .start, options)
      }
      #expect(error?.code == .denied)
    }
  }

  @Test("a walk that is resumed in a directory refused meanwhile tells it, and goes on behind it")
  func resumed() async throws {
    var options = UFSListing(order: .sorted, after: UFSCursor(token: "b/c/f"))
    options.passesRefusals = true
    let found = try await walk(["b"], .start, options)
    #expect(found.paths == ["d/f"])
    #expect(found.refusals.count == 1)
  }
}
