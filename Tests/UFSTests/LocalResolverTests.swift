import Foundation
import Synchronization
import Model
import Ring
import Testing

@testable import UFS

@Suite("A local mount is never left")
struct LocalResolverTests {
  @Test("links that stay inside are followed, relative or absolute")
  func linksInside() async throws {
    let (subject, directory) = try localSubject()
    try directory.put("d/f", [1, 2])
    try directory.link("relative", to: "d/f")
    try directory.link("d/up", to: "../d/f")
    try directory.link("absolute", to: directory.at("d/f"))
    try directory.link("directory", to: directory.at("d"))
    try directory.link("chain", to: directory.at("directory/up"))
    try directory.link("root", to: directory.path)
    let paths = [
      "relative", "d/up", "absolute", "directory/f", "chain", "root/d/f", "root/root/chain",
    ]
    try await Bench.run { () async throws in
      for path in paths {
        #expect(try await subject.contents(path) == [1, 2], "\(path)")
        #expect(try await subject.fileSystem.status(of: path).kind == .file)
      }
      #expect(try await subject.entries("directory").map(\.path).contains("directory/f"))
    }
  }

  @Test("links that lead out are refused by every operation, whether or not anything is there")
  func linksOutside() async throws {
    let (subject, directory) = try localSubject()
    let outside = try TemporaryDirectory()
    try outside.put("secret", [42])
    try directory.makeDirectory("d")
    try directory.link("d/up", to: "../../\(outside.path.split(separator: "/").last ?? "")")
    try directory.link("out", to: outside.path)
    try directory.link("file", to: outside.at("secret"))
    try directory.link("nowhere", to: outside.at("missing"))
    try directory.link("prefix", to: directory.path + "x/f")
    try directory.link("dots", to: directory.path + "/../")
    try directory.link("proc", to: "/proc/self/root/etc/passwd")
    let leaving = [
      "d/up/secret", "d/up", "out/secret", "out", "file", "nowhere", "prefix", "dots", "proc",
    ]
    try await Bench.run { () async throws in
      for path in leaving {
        #expect(await subject.code { try await $0.status(of: path) } == .escapesMount, "\(path)")
        #expect(await subject.code { try await $0.open(path, expecting: nil) } == .escapesMount)
        #expect(await subject.code { try await $0.list(path, UFSListing()) } == .escapesMount)
        #expect(
          await subject.code { _ in try await subject.write([1], to: path, at: 0) } == .escapesMount
        )
        #expect(await subject.code { _ in try await subject.put(path, [1]) } == .escapesMount)
        #expect(await subject.code { try await $0.touch(path) } == .escapesMount)
        #expect(
          await subject.code { try await $0.copyFile(path, to: "t", replacing: true) }
            == .escapesMount)
        #expect(
          await subject.code { try await $0.makeDirectory(path + "/x", recursive: true) }
            == .escapesMount)
      }
      #expect(
        await subject.code { try await $0.delete("out/secret", recursive: true) } == .escapesMount)
      #expect(
        await subject.code { try await $0.rename("out/secret", to: "t", replacing: true) }
          == .escapesMount)
    }
    #expect(try outside.bytes("secret") == [42])
    #expect(try outside.names() == ["secret"])
  }

  @Test("deleting or renaming a link touches the link and not what it points to")
  func linksAreNames() async throws {
    let (subject, directory) = try localSubject()
    let outside = try TemporaryDirectory()
    try outside.put("secret", [42])
    try directory.link("out", to: outside.path)
    try directory.link("other", to: outside.path)
    try await Bench.run { () async throws in
      try await subject.fileSystem.rename("other", to: "moved", replacing: false)
      try await subject.fileSystem.delete("moved", recursive: true)
      try await subject.fileSystem.delete("out", recursive: true)
    }
    #expect(try outside.bytes("secret") == [42])
    #expect(try directory.names().isEmpty)
  }

  @Test("a tree is deleted with the links in it, and nothing behind them")
  func treeDeletion() async throws {
    let (subject, directory) = try localSubject()
    let outside = try TemporaryDirectory()
    try outside.put("deep/secret", [42])
    for index in 0..<50 { try directory.put("t/\(index % 5)/\(index)/f", [1]) }
    try directory.link("t/out", to: outside.path)
    try directory.link("t/1/out", to: outside.at("deep"))
    #expect(unsafe mkfifo(directory.at("t/2/fifo"), 0o600) == 0)
    try await Bench.run { try await subject.fileSystem.delete("t", recursive: true) }
    #expect(try directory.names().isEmpty)
    #expect(try outside.bytes("deep/secret") == [42])
  }

  @Test("circles of links are refused, and walks do not follow them")
  func circles() async throws {
    let (subject, directory) = try localSubject()
    try directory.put("d/f", [1])
    try directory.link("a", to: "b")
    try directory.link("b", to: "a")
    try directory.link("self", to: directory.at("self"))
    try directory.link("d/loop", to: directory.path)
    try await Bench.run { () async throws in
      #expect(await subject.code { try await $0.status(of: "a") } == .invalid)
      #expect(await subject.code { try await $0.status(of: "self") } == .invalid)
      #expect(Set(try await subject.tree()) == ["d/", "d/f", "d/loop/"])
      let batch = try await subject.drain(try await subject.fileSystem.list("", UFSListing()))
      #expect(batch.map(\.leftOutCount).reduce(0, +) == 3)
    }
  }

  /// One thread swaps a directory and a link that leads out, as fast as it can; the ring reads through the name.
  @Test("a directory swapped for a link during opens never gives a byte from outside")
  func swapRace() async throws {
    let (subject, directory) = try localSubject()
    let outside = try TemporaryDirectory()
    try outside.put("f", [42])
    try directory.put("d/f", [1])
    try directory.link("link", to: outside.path)
    try directory.link("inner", to: directory.at("d"))
    let done = Flag()
    // A thread of its own: the pool that all tests share has only one per core.
    let swapper = try ReactorGroup(count: 1, pinned: false)
    defer { swapper.stop() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask(executorPreference: swapper.reactors[0]) {
        while !done.isSet {
          // RENAME_EXCHANGE would need a shim; three renames leave a moment without `d`, which is one more case.
          _ = unsafe rename(directory.at("d"), directory.at("kept"))
          _ = unsafe rename(directory.at("link"), directory.at("d"))
          _ = unsafe rename(directory.at("d"), directory.at("link"))
          _ = unsafe rename(directory.at("kept"), directory.at("d"))
        }
      }
      group.addTask {
        defer { done.set() }
        try await Bench.run { () async throws in
          var seen: [UFSError.Code?: Int] = [:]
          for index in 0..<3000 {
            let path = index % 2 == 0 ? "d/f" : "inner/f"
            var bytes: [UInt8] = [1]
            let code = await subject.code { _ in bytes = try await subject.contents(path) }
            #expect(bytes == [1])
            #expect([nil, .notFound, .escapesMount, .unavailable].contains(code), "\(path)")
            seen[code, default: 0] += 1
          }
          #expect(seen.values.reduce(0, +) == 3000)
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("FIFOs and sockets are refused without waiting, and left out of listings")
  func specialFiles() async throws {
    let (subject, directory) = try localSubject()
    #expect(unsafe mkfifo(directory.at("fifo"), 0o600) == 0)
    try directory.link("link", to: "fifo")
    try await Bench.run { () async throws in
      for path in ["fifo", "link"] {
        #expect(await subject.code { try await $0.status(of: path) } == .unsupported)
        #expect(await subject.code { try await $0.open(path, expecting: nil) } == .unsupported)
        #expect(
          await subject.code { _ in try await subject.write([1], to: path, at: 0) } == .unsupported)
        #expect(await subject.code { _ in try await subject.put(path, [1]) } == .unsupported)
        #expect(await subject.code { try await $0.touch(path) } == .unsupported)
        #expect(
          await subject.code { try await $0.copyFile(path, to: "t", replacing: true) }
            == .unsupported)
      }
      let batches = try await subject.drain(try await subject.fileSystem.list("", UFSListing()))
      #expect(batches.flatMap(\.entries).isEmpty)
      #expect(batches.map(\.leftOutCount).reduce(0, +) == 2)
    }
  }
}

/// A flag that one task sets and another watches.
private final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}
