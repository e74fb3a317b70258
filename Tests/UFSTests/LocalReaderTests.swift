import DaemonDriver
import Foundation
import Model
import Ring
import Synchronization
import Testing

@testable import UFS

@Suite("A reader of a local file gives one version or an error")
struct LocalReaderTests {
  @Test("only loads read in place: a client that looks all the time lets others on its ring go on")
  func turns() async throws {
    let (subject, directory) = try localSubject()
    try directory.put("f", [UInt8](repeating: 1, count: 1000))
    try await Bench.run { () async throws in
      let reactor = try #require(Reactor.current)
      let version = try await subject.fileSystem.open("f", expecting: nil).version
      /// Turns of the ring that one look at the file takes.
      func turns(_ version: FileVersion?, _ purpose: UFSPurpose) async throws -> UInt64 {
        let start = reactor.tickCount
        let reader = try await subject.fileSystem.open("f", expecting: version, for: purpose)
        let bytes = try await subject.read(reader, at: 0, 1000).bytes
        #expect(bytes.count == 1000)
        await reader.close()
        return reactor.tickCount - start
      }
      let (client, load) = (try await turns(nil, .demand), try await turns(version, .load))
      #expect(client >= 3 && load <= 2, "\(client) and \(load) turns")
    }
  }

  /// The interleaving: open · write in place, same size · read.
  @Test("a file overwritten between open and read has changed")
  func changedBeforeRead() async throws {
    let (subject, directory) = try localSubject()
    try directory.put("f", [1, 2, 3])
    try directory.settle("f")
    try await Bench.run { () async throws in
      let reader = try await subject.fileSystem.open("f", expecting: nil)
      #expect(try await subject.read(reader, at: 0, 3).bytes == [1, 2, 3])
      try directory.overwrite("f", [4, 5, 6])
      #expect(await subject.code { _ in try await subject.read(reader, at: 0, 3) } == .changed)
      #expect(try await subject.contents("f") == [4, 5, 6])
    }
  }

  /// The interleaving: read · write in place · the check that follows the read.
  @Test("a file overwritten between a read and its check has changed, whatever utimes says")
  func changedBeforeCheck() async throws {
    let box = Holder()
    var seams = LocalUFS.Seams()
    seams.beforeVerify = { path in
      guard let directory = box.directory.withLock({ $0 }) else { return }
      let before = try? FileManager.default.attributesOfItem(atPath: directory.at(path))
      try? directory.overwrite(path, [9], at: 1)
      if let date = before?[.modificationDate] {
        // The mtime is set back; the ctime is not to be fooled.
        try? FileManager.default.setAttributes(
          [.modificationDate: date], ofItemAtPath: directory.at(path))
      }
    }
    let (subject, directory) = try localSubject(LocalUFS.Options(), seams)
    try directory.put("f", [1, 2, 3])
    try directory.settle("f")
    try await Bench.run { () async throws in
      let reader = try await subject.fileSystem.open("f", expecting: nil)
      #expect(try await subject.read(reader, at: 0, 3).bytes == [1, 2, 3])
      box.directory.withLock { $0 = directory }
      #expect(await subject.code { _ in try await subject.read(reader, at: 0, 3) } == .changed)
    }
  }

  @Test("a file truncated, grown, replaced, deleted or given other rights while open has changed")
  func otherChanges() async throws {
    let changes: [@Sendable (TemporaryDirectory) throws -> Void] = [
      { #expect(unsafe truncate($0.at("f"), 1) == 0) },
      { try $0.overwrite("f", [1], at: 100) },
      {
        try $0.put("g", [7, 8, 9]); #expect(unsafe rename($0.at("g"), $0.at("f")) == 0)
      },
      { #expect(unsafe unlink($0.at("f")) == 0) },
      { #expect(unsafe chmod($0.at("f"), 0o600) == 0) },
    ]
    for change in changes {
      let (subject, directory) = try localSubject()
      try directory.put("f", [1, 2, 3])
      try directory.settle("f")
      try await Bench.run { () async throws in
        let reader = try await subject.fileSystem.open("f", expecting: nil)
        try change(directory)
        #expect(await subject.code { _ in try await subject.read(reader, at: 0, 3) } == .changed)
        #expect(await subject.code { _ in try await subject.read(reader, at: 50, 3) } == .changed)
      }
    }
  }

  @Test("a file written just now is not settled; once its time is past, it is")
  func raciness() async throws {
    let (subject, directory) = try localSubject()
    let began = SystemCall.wallClock()
    try directory.put("f", [1, 2, 3])
    try await Bench.run { () async throws in
      let fileSystem = subject.fileSystem
      let version = try #require(try await fileSystem.status(of: "f").version)
      let settleTime = fileSystem.settleTime(of: version)
      let reader = try await fileSystem.open("f", expecting: version)
      let outcome = try await subject.read(reader, at: 0, 3)
      #expect(outcome.bytes == [1, 2, 3])
      // Settled is never said of a read that began before the time.
      if outcome.isSettled { #expect(SystemCall.wallClock() >= settleTime) }
      if SystemCall.wallClock() < settleTime { #expect(!outcome.isSettled) }
      #expect(settleTime >= began)
      while SystemCall.wallClock() < settleTime { sched_yield() }
      #expect(try await subject.read(reader, at: 0, 3).isSettled)
    }
  }

  @Test("holes are zeros and the last bytes of an odd length are read")
  func sparse() async throws {
    for direct in LocalUFS.Options.Direct.allCases {
      let (subject, directory) = try localSubject(LocalUFS.Options(direct: direct))
      try directory.put("f", [1])
      try directory.overwrite("f", [2], at: 1_000_000)
      try await Bench.run { () async throws in
        let bytes = try await subject.contents("f")
        #expect(bytes.count == 1_000_001)
        #expect(bytes.first == 1)
        #expect(bytes.last == 2)
        #expect(bytes[1..<1_000_000].allSatisfy { $0 == 0 })
      }
    }
  }

  @Test("reads past the page cache bring the same bytes, cold and warm", arguments: [true, false])
  func direct(isCold: Bool) async throws {
    for direct in LocalUFS.Options.Direct.allCases {
      let (subject, directory) = try localSubject(LocalUFS.Options(direct: direct))
      var random = SeededRandom()
      let bytes = random.bytes(2 << 20)
      let seed = random.seed
      try directory.put("f", bytes)
      if isCold { try directory.evict("f") }
      try await Bench.run { () async throws in
        let reader = try await subject.fileSystem.open("f", expecting: nil)
        let got = try await subject.read(reader, at: 1 << 20, 1 << 20).bytes
        #expect(got == Array(bytes[(1 << 20)...]), "SEED=\(seed) \(direct)")
        #expect(try await subject.read(reader, at: 0, 1 << 20).bytes == Array(bytes[..<(1 << 20)]))
        #expect(try await subject.read(reader, at: 5, 100).bytes == Array(bytes[5..<105]))
      }
    }
  }

  @Test("many readers of one file share a descriptor, and a cached one is never trusted blindly")
  func descriptors() async throws {
    let (subject, directory) = try localSubject()
    try directory.put("f", [1, 2, 3])
    try directory.settle("f")
    try await Bench.run { () async throws in
      let local = try #require(subject.fileSystem as? LocalUFS)
      let version = try #require(try await local.status(of: "f").version)
      for _ in 0..<10 {
        let reader = try await local.open("f", expecting: version)
        #expect(try await subject.read(reader, at: 0, 3).bytes == [1, 2, 3])
        await reader.close()
      }
      #expect(local.caches.map(\.count).reduce(0, +) == 1)
      try directory.put("g", [4, 5, 6])
      #expect(unsafe rename(directory.at("g"), directory.at("f")) == 0)
      let stale = try await local.open("f", expecting: version)
      #expect(await subject.code { _ in try await subject.read(stale, at: 0, 3) } == .changed)
      #expect(try await subject.contents("f") == [4, 5, 6])
      try await local.delete("f", recursive: false)
      #expect(local.caches.map(\.count).reduce(0, +) == 0)
    }
  }

  @Test("the cache of descriptors stays within its bound and leaks none")
  func descriptorBound() async throws {
    let (subject, directory) = try localSubject(LocalUFS.Options(descriptorCount: 4))
    for index in 0..<40 { try directory.put("f\(index)", [UInt8(index)]) }
    try await Bench.run { () async throws in
      let local = try #require(subject.fileSystem as? LocalUFS)
      for index in 0..<40 {
        #expect(try await subject.contents("f\(index)") == [UInt8(index)])
        #expect(local.caches.map(\.count).reduce(0, +) <= 4)
      }
    }
    #expect(try openDescriptors(below: directory.path) <= 4)
  }
}

/// A place for a value that a closure made earlier needs.
private final class Holder: Sendable {
  let directory = Mutex<TemporaryDirectory?>(nil)
}

/// Descriptors of this process whose files lie below `path`.
private func openDescriptors(below path: String) throws -> Int {
  try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter {
    // A descriptor may close meanwhile.
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
    return target?.hasPrefix(path + "/") ?? false
  }.count
}
