// Copies and moves of single files between two mounts on disk.

import DaemonDriver
import Glibc
import Model
import PageStore
import Ring
import Scheduler
import Synchronization
import Testing
import UFS

@testable import WorkerDaemon

@Suite("FileTransfer")
struct FileTransferTests {
  /// Two mounts, `/a` and `/b`, and a service over them.
  private final class Fixture: Sendable {
    let scratch: ScratchDirectory
    let files: FileService
    private let group: ReactorGroup
    private let pool: BlockingPool

    init(targetIsReadOnly: Bool = false) throws {
      scratch = try ScratchDirectory("transfer")
      for name in ["root", "a", "b"] { try makeDirectories(scratch.path(name)) }
      group = try ReactorGroup(count: 1, pinned: false)
      pool = try BlockingPool(name: "test", threads: 2)
      let option = ["readonly": "\(targetIsReadOnly)"]
      let mounts = try MountTable(
        opening: [
          MountSpecification(alluxioPath: "/", uri: "file://\(scratch.path("root"))"),
          MountSpecification(alluxioPath: "/a", uri: "file://\(scratch.path("a"))"),
          MountSpecification(
            alluxioPath: "/b", uri: "file://\(scratch.path("b"))", options: option),
        ], in: UFSEnvironment(pool: pool))
      files = FileService(
        mounts: mounts, store: try PageStore(capacity: 8 << 20), reactors: group.reactors)
    }

    func stop() {
      group.stop()
      pool.stop()
    }

    func url(_ path: String) -> String { "file://\(scratch.path(path))" }

    func bytes(_ path: String) -> [UInt8]? { try? readBytes(scratch.path(path)) }

    func write(_ path: String, _ bytes: [UInt8]) throws {
      try writeBytes(bytes, to: scratch.path(path))
    }

    /// The file as a listing tells it, with its target.
    func listed(_ source: String, to target: String) async throws -> TaskFile {
      let (files, path) = (files, url(source))
      let status = try await group.reactors[0].run { () async -> Result<FileStatus, UFSError> in
        do throws(UFSError) {
          return .success(try await files.mounts.status(of: try files.mounts.locate(ufsPath: path)))
        } catch { return .failure(error) }
      }.get()
      var file = TaskFile(
        path: path, version: status.version?.token ?? "", length: status.length,
        modificationTime: status.modificationTime)
      file.target = url(target)
      return file
    }

    func transfer(
      _ file: TaskFile, _ rule: OverwriteRule = .never, checks: Bool = false, moves: Bool = false,
      pace: @escaping @Sendable (Int64) async -> Bool = { _ in true }
    ) async -> TransferOutcome {
      let order = TransferOrder(
        file: file, overwrite: rule, checksContent: checks, deletesSource: moves)
      let files = files
      while true {
        let outcome = await group.reactors[0].run { await files.transfer(order, pace: pace) }
        // Files of a test are young: a task tries again, too.
        if case .failed(let failure) = outcome, failure.reason.contains("a moment ago") { continue }
        return outcome
      }
    }
  }

  private func with(
    readOnly: Bool = false, _ body: (Fixture) async throws -> Void
  ) async throws {
    let fixture = try Fixture(targetIsReadOnly: readOnly)
    defer { fixture.stop() }
    try await body(fixture)
  }

  private func isFailure(_ outcome: TransferOutcome, _ text: String) -> Bool {
    if case .failed(let failure) = outcome { return failure.reason.contains(text) }
    return false
  }

  private static let content = patterned(2_500_000, seed: 3)

  @Test("a copy has the bytes of its source, in directories that are made, and the source stays")
  func copies() async throws {
    try await with { fixture in
      try fixture.write("a/f", Self.content)
      let file = try await fixture.listed("a/f", to: "b/x/y/f")
      #expect(await fixture.transfer(file, checks: true) == .done(bytes: 2_500_000))
      #expect(fixture.bytes("b/x/y/f").map { identical($0, Self.content) } == true)
      #expect(fixture.bytes("a/f") != nil)
      // The same order again: what an earlier attempt did is found.
      #expect(await fixture.transfer(file) == .skipped)
      try fixture.write("a/empty", [])
      let empty = try await fixture.listed("a/empty", to: "b/empty")
      #expect(await fixture.transfer(empty, checks: true) == .done(bytes: 0))
      #expect(fixture.bytes("b/empty") == [])
    }
  }

  @Test("a move deletes its source once the copy is there, and a repeated one finds it done")
  func moves() async throws {
    try await with { fixture in
      try fixture.write("a/f", Self.content)
      let file = try await fixture.listed("a/f", to: "b/f")
      #expect(await fixture.transfer(file, moves: true) == .done(bytes: 2_500_000))
      #expect(fixture.bytes("a/f") == nil)
      #expect(fixture.bytes("b/f").map { identical($0, Self.content) } == true)
      #expect(await fixture.transfer(file, moves: true) == .done(bytes: 2_500_000))
      // An attempt that died between copy and deletion.
      try fixture.write("a/g", Self.content)
      try fixture.write("b/g", Self.content)
      let half = try await fixture.listed("a/g", to: "b/g")
      #expect(await fixture.transfer(half, moves: true) == .done(bytes: 2_500_000))
      #expect(fixture.bytes("a/g") == nil)
    }
  }

  @Test("a source that is gone while a file of its length is at the target was not moved by us")
  func vanished() async throws {
    try await with { fixture in
      try fixture.write("a/f", Self.content)
      let file = try await fixture.listed("a/f", to: "b/f")
      #expect(unsafe unlink(fixture.scratch.path("a/f")) == 0)
      // Another one's file, written at another time.
      try fixture.write("b/f", patterned(2_500_000, seed: 4))
      try setTime(of: fixture.scratch.path("b/f"), 1_000_000_000)
      let outcome = await fixture.transfer(file, moves: true)
      #expect(isFailure(outcome, "nothing shows that"), "\(outcome)")
    }
  }

  @Test("a copy keeps the mode and the modification time of its source", arguments: [false, true])
  func attributes(moves: Bool) async throws {
    try await with { fixture in
      try fixture.write("a/f", Self.content)
      try #require(unsafe chmod(fixture.scratch.path("a/f"), 0o640) == 0)
      try setTime(of: fixture.scratch.path("a/f"), 1_234_567_890)
      let file = try await fixture.listed("a/f", to: "b/f")
      #expect(await fixture.transfer(file, moves: moves) == .done(bytes: 2_500_000))
      var status = stat()
      try #require(unsafe stat(fixture.scratch.path("b/f"), &status) == 0)
      #expect(status.st_mode & 0o777 == 0o640)
      #expect(status.st_mtim.tv_sec == 1_234_567_890)
      #expect(fixture.bytes("b/f").map { identical($0, Self.content) } == true)
    }
  }

  private func setTime(of path: String, _ seconds: Int) throws {
    let times = [timespec(), timespec()].map { _ in timespec(tv_sec: seconds, tv_nsec: 0) }
    let rc = unsafe times.withUnsafeBufferPointer { times in
      unsafe utimensat(AT_FDCWD, path, times.baseAddress, 0)
    }
    try #require(rc == 0)
  }

  @Test(
    "a file that is its own target by a link is never moved away", arguments: OverwriteRule.allCases
  )
  func links(rule: OverwriteRule) async throws {
    try await with { fixture in
      try makeDirectories(fixture.scratch.path("a/d"))
      try fixture.write("a/d/f", Self.content)
      for (link, to, path) in [("a/file", "d/f", "a/file"), ("a/dir", "d", "a/dir/f")] {
        try #require(unsafe symlink(to, fixture.scratch.path(link)) == 0)
        let file = try await fixture.listed("a/d/f", to: path)
        #expect(isFailure(await fixture.transfer(file, rule, moves: true), "the same file"))
        #expect(await fixture.transfer(file, rule) == .skipped)
        #expect(fixture.bytes("a/d/f").map { identical($0, Self.content) } == true)
      }
    }
  }

  @Test("the overwrite rules decide about a target with other content, of any length")
  func rules() async throws {
    try await with { fixture in
      try fixture.write("a/f", Self.content)
      for other in [Array("short".utf8), patterned(2_500_000, seed: 4)] {
        try fixture.write("b/f", other)
        let file = try await fixture.listed("a/f", to: "b/f")
        let refused = await fixture.transfer(file)
        #expect(
          isFailure(refused, "is there with other content: it is replaced with --overwrite"),
          "\(refused)")
        #expect(isFailure(await fixture.transfer(file, moves: true), "is there with other content"))
        #expect(fixture.bytes("b/f").map { identical($0, other) } == true)
        #expect(fixture.bytes("a/f") != nil)
        #expect(await fixture.transfer(file, .ifDifferent) == .done(bytes: 2_500_000))
        #expect(await fixture.transfer(file, .ifDifferent) == .skipped)
        #expect(await fixture.transfer(file, .always) == .done(bytes: 2_500_000))
      }
    }
  }

  @Test("a source that changed since it was listed is not copied, nor deleted")
  func changed() async throws {
    try await with { fixture in
      try fixture.write("a/f", Self.content)
      let file = try await fixture.listed("a/f", to: "b/f")
      try fixture.write("a/f", Array("new".utf8))
      guard case .failed(let failure) = await fixture.transfer(file, moves: true) else {
        Issue.record("a changed file was moved")
        return
      }
      #expect(failure.kind == .changed)
      #expect(fixture.bytes("a/f") == Array("new".utf8))
      #expect(fixture.bytes("b/f") == nil)
    }
  }

  @Test("a source that changes while it is moved stays")
  func changesMeanwhile() async throws {
    try await with { fixture in
      try fixture.write("a/f", Self.content)
      let file = try await fixture.listed("a/f", to: "b/f")
      let path = fixture.scratch.path("a/f")
      let calls = Mutex(0)
      let outcome = await fixture.transfer(file, moves: true) { _ in
        let count = calls.withLock { count in
          count += 1
          return count
        }
        // Behind the last read of the source, before the copy is read again.
        if count == 4 { #expect(throws: Never.self) { try writeBytes([1, 2, 3], to: path) } }
        return true
      }
      guard case .failed(let failure) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(failure.kind == .changed, "\(failure)")
      #expect(fixture.bytes("a/f") == [1, 2, 3])
    }
  }

  @Test("a transfer that is called off leaves no target")
  func cancelled() async throws {
    try await with { fixture in
      try fixture.write("a/f", Self.content)
      let file = try await fixture.listed("a/f", to: "b/f")
      let calls = Mutex(0)
      let outcome = await fixture.transfer(file, moves: true) { _ in
        calls.withLock { count in
          count += 1
          return count < 2
        }
      }
      #expect(isFailure(outcome, "cancelled"))
      #expect(fixture.bytes("b/f") == nil && fixture.bytes("a/f") != nil)
    }
  }

  @Test("a target that is a directory, or on a mount that takes no writes, is refused")
  func refused() async throws {
    try await with(readOnly: true) { fixture in
      try fixture.write("a/f", [1])
      let file = try await fixture.listed("a/f", to: "b/f")
      #expect(isFailure(await fixture.transfer(file), "read-only"))
    }
    try await with { fixture in
      try fixture.write("a/f", [1])
      try makeDirectories(fixture.scratch.path("b/f"))
      let file = try await fixture.listed("a/f", to: "b/f")
      #expect(isFailure(await fixture.transfer(file, .always), "directory"))
    }
  }
}
