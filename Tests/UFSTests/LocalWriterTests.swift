import Foundation
import Model
import Testing

@testable import UFS

@Suite("Writes to a local directory are whole or not there")
struct LocalWriterTests {
  @Test("an aborted, dropped or failed writer leaves no name behind", arguments: [true, false])
  func leavesNothing(isNamed: Bool) async throws {
    var seams = LocalUFS.Seams()
    seams.lacksUnnamedFiles = isNamed
    let (subject, directory) = try localSubject(LocalUFS.Options(), seams)
    try await Bench.run { () async throws in
      let first = try await subject.fileSystem.create("a", .replacing)
      try await subject.append([1], to: first)
      #expect(try directory.names().count == (isNamed ? 1 : 0))
      await first.abort()
      do {
        let second = try await subject.fileSystem.create("b", .exclusive)
        try await subject.append([1], to: second)
      }
      let third = try await subject.fileSystem.create("c", .exclusive)
      try directory.makeDirectory("c")
      #expect(await subject.code { _ in try await third.commit() } == .exists)
      let fourth = try await subject.fileSystem.create("d", .replacing)
      try directory.makeDirectory("d")
      #expect(await subject.code { _ in try await fourth.commit() } == .isDirectory)
    }
    #expect(try directory.names() == ["c", "d"])
  }

  /// A reader looks all the time while a writer replaces: it sees one whole content or the other.
  @Test("a replacement is seen whole or not at all by a concurrent reader")
  func atomicReplacement() async throws {
    let (subject, _) = try localSubject()
    try await Bench.run { () async throws in
      try await subject.put("f", [UInt8](repeating: 0, count: 10_000))
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for index in 1...100 {
            try await subject.put("f", [UInt8](repeating: UInt8(index), count: 10_000 + index))
          }
        }
        group.addTask {
          var last: UInt8 = 0
          while last < 100 {
            var bytes: [UInt8]?
            let code = await subject.code { _ in bytes = try await subject.contents("f") }
            guard let bytes, let first = bytes.first else {
              #expect(code == .changed)
              continue
            }
            #expect(bytes.allSatisfy { $0 == first })
            #expect(bytes.count == 10_000 + Int(first))
            #expect(first >= last)
            last = first
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("a replaced file keeps its rights, and a link keeps pointing")
  func rightsAndLinks() async throws {
    let (subject, directory) = try localSubject()
    try directory.put("d/f", [1])
    #expect(unsafe chmod(directory.at("d/f"), 0o640) == 0)
    try directory.link("link", to: "d/f")
    try await Bench.run { () async throws in
      let status = try await subject.put("link", [2, 3])
      #expect(status.mode == 0o640)
      #expect(try await subject.contents("d/f") == [2, 3])
    }
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: directory.at("link")) == "d/f")
    #expect(try directory.names("d") == ["f"])
  }

  @Test(
    "a full file system is said to be full, and nothing is left of the file",
    .enabled(if: Privilege.canMount, "needs the right to mount a tmpfs"))
  func full() async throws {
    let mount = try TemporaryMount(options: "size=256k")
    let directory = mount.directory
    let fileSystem = try LocalUFS(root: directory.path, mount: "/", pool: try Bench.pool)
    let subject = UFSSubject(fileSystem: fileSystem, keepAlive: mount)
    try await Bench.run { () async throws in
      try await subject.put("small", [1])
      let big = [UInt8](repeating: 1, count: 1 << 20)
      #expect(await subject.code { _ in try await subject.put("big", big) } == .noSpace)
      #expect(
        await subject.code { _ in try await subject.write(big, to: "small", at: 0) } == .noSpace)
      // A write in place fails half done: the file system is full now.
      try await subject.fileSystem.delete("small", recursive: false)
      try await subject.put("after", [2])
      #expect(try await subject.entries("").map(\.name) == ["after"])
    }
    #expect(try directory.names() == ["after"])
  }

  @Test(
    "a file system mounted read-only denies changes and serves reads",
    .enabled(if: Privilege.canMount, "needs the right to mount a tmpfs"))
  func readOnlyFileSystem() async throws {
    let mount = try TemporaryMount(options: "size=256k")
    try mount.directory.put("f", [1])
    try mount.makeReadOnly()
    let fileSystem = try LocalUFS(root: mount.directory.path, mount: "/", pool: try Bench.pool)
    try await expectDenied(UFSSubject(fileSystem: fileSystem, keepAlive: mount))
  }

  @Test("a mount made read-only denies changes and serves reads")
  func readOnlyMount() async throws {
    let (subject, directory) = try localSubject(LocalUFS.Options(isReadOnly: true))
    try directory.put("f", [1])
    #expect(subject.fileSystem.capabilities.isDisjoint(with: [.write, .randomWrite, .rename]))
    try await expectDenied(subject)
  }

  private func expectDenied(_ subject: UFSSubject) async throws {
    try await Bench.run { () async throws in
      let bytes = try await subject.contents("f")
      #expect(bytes == [1])
      #expect(await subject.code { _ in try await subject.put("f", [2]) } == .denied)
      #expect(await subject.code { _ in try await subject.put("g", [2]) } == .denied)
      #expect(await subject.code { _ in try await subject.write([2], to: "f", at: 0) } == .denied)
      #expect(await subject.code { try await $0.touch("f") } == .denied)
      #expect(await subject.code { try await $0.touch("g") } == .denied)
      #expect(await subject.code { try await $0.makeDirectory("d", recursive: true) } == .denied)
      #expect(await subject.code { try await $0.delete("f", recursive: false) } == .denied)
      #expect(await subject.code { try await $0.rename("f", to: "g", replacing: true) } == .denied)
      #expect(
        await subject.code { try await $0.copyFile("f", to: "g", replacing: true) } == .denied)
    }
  }

  @Test(
    "files without read permission are denied, not missing",
    .enabled(if: !Privilege.isRoot, "permissions do not bind root"))
  func permissions() async throws {
    let (subject, directory) = try localSubject()
    try directory.put("f", [1])
    try directory.put("d/f", [1])
    #expect(unsafe chmod(directory.at("f"), 0) == 0)
    #expect(unsafe chmod(directory.at("d"), 0) == 0)
    try await Bench.run { () async throws in
      #expect(await subject.code { try await $0.open("f", expecting: nil) } == .denied)
      #expect(await subject.code { try await $0.status(of: "d/f") } == .denied)
      #expect(await subject.code { try await $0.list("d", UFSListing()) } == .denied)
      #expect(await subject.code { try await $0.delete("d", recursive: true) } == .denied)
    }
    #expect(unsafe chmod(directory.at("d"), 0o700) == 0)
  }
}
