import DaemonDriver
import Foundation
import Testing

@testable import Rocks

@Suite("RocksDatabase", .serialized)
struct RocksDatabaseTests {
  @Test("what was written is there after a close, read-only too, and that changes no file")
  func reopen() throws {
    let scratch = try ScratchDirectory("rocks")
    let path = scratch.path("db")
    try put([1], [2], try RocksDatabase(path: path))
    let before = names(in: path)
    let reader = try RocksDatabase(path: path, isReadOnly: true)
    #expect(try reader.value(of: [1]) == [2])
    #expect(throws: RocksFailure.self) { try put([1], [3], reader) }
    #expect(names(in: path) == before)
    #expect(!before.contains("LOG"), "it keeps no log of messages")
  }

  @Test("a prefix is scanned in both directions from any place, and removed alone")
  func prefixes() throws {
    let scratch = try ScratchDirectory("rocks")
    var options = RocksOptions()
    options.syncsWrites = true
    let database = try RocksDatabase(path: scratch.path("db"), options: options)
    let keys: [[UInt8]] = [
      [1], [2], [2, 0], [2, 7], [2, 255], [2, 255, 9], [3], [255], [255, 255],
    ]
    for key in keys { try put(key, key, database) }
    #expect(try scan(database, [2], from: [2, 7], false) == [[2, 7], [2, 255], [2, 255, 9]])
    #expect(try scan(database, [2], from: [2, 7], true) == [[2, 0], [2]], "without the start")
    #expect(try scan(database, [2], from: [2, 8], true) == [[2, 7], [2, 0], [2]])
    #expect(try scan(database, [2], from: [9], true).first == [2, 255, 9])
    #expect(try scan(database, [2, 255], from: [2, 255], false) == [[2, 255], [2, 255, 9]])
    #expect(try scan(database, [255], from: [255], false) == [[255], [255, 255]])
    let batch = RocksBatch()
    batch.removeAll(prefix: [2, 255])
    batch.removeAll(prefix: [2, 0])
    try database.write(batch)
    #expect(
      try scan(database, [], from: [], false) == [[1], [2], [2, 7], [3], [255], [255, 255]])
  }

  private func scan(
    _ database: RocksDatabase, _ prefix: [UInt8], from start: [UInt8], _ isDownwards: Bool
  ) throws -> [[UInt8]] {
    var keys: [[UInt8]] = []
    try database.scan(prefix: prefix, from: start, isDownwards: isDownwards, isBulk: false) {
      key, value in
      #expect(Array(key) == Array(value))
      keys.append(Array(key))
      return true
    }
    return keys
  }

  @Test(
    "a full disk is a failure of a kind of its own, which is no damage",
    arguments: [
      ("IO error: No space left on device: While appending to file: /a: b/1.log: x", true),
      ("IO error: While open a file: /a/LOCK: Disk quota exceeded", true),
      ("IO error: While mkdir: /a/No space left on device: Permission denied", false),
      ("Corruption: No space left on device", false), ("", false),
    ])
  func kinds(text: String, isFull: Bool) {
    #expect(RocksFailure(text).isFull == isFull)
    #expect(!isFull || !RocksFailure(text).isDamage)
    #expect(!RocksFailure(write: "IO error: x: Input/output error").isDamage)
  }

  @Test(
    "a file system with any room, 4 KiB more each time at first, never ends the process",
    .enabled(if: LoopVolume.isUsable), arguments: [Squeeze.first, .later, .written])
  func full(squeeze: Squeeze) async throws {
    try await blocking {
      let disk = try LoopVolume(size: 16 << 20)
      var counts = (opened: 0, refused: 0, failed: 0)
      for room in Array(0..<24) + Array(stride(from: 24, to: 160, by: 8)) {
        try once(disk, squeeze, room: room * 4096, &counts)
      }
      #expect(counts.failed > 5, "\(counts)")
      #expect(squeeze == .written || counts.refused > 0, "\(counts)")
      #expect(counts.opened > 5, "\(counts)")
    }
  }

  /// When the disk fills up.
  enum Squeeze: Sendable { case first, later, written }

  /// Opens, writes and closes a database twice on a disk that leaves it `room`, then again with room, and looks for
  /// everything that was taken.
  private func once(
    _ disk: LoopVolume, _ squeeze: Squeeze, room: Int,
    _ counts: inout (opened: Int, refused: Int, failed: Int)
  ) throws {
    let path = "\(disk.path)/db"
    var taken: [[UInt8]] = []
    if squeeze == .first { try disk.fill(leaving: room) }
    for life: UInt8 in 0..<2 {
      if squeeze == .later, life == 1 { try disk.fill(leaving: room) }
      do throws(RocksFailure) {
        let database = try RocksDatabase(path: path, options: options)
        counts.opened += 1
        do throws(RocksFailure) {
          for number: UInt8 in 0..<120 {
            if squeeze == .written, life == 0, number == 40 { fill(disk, room) }
            try put([life, number], noise(number), database)
            taken.append([life, number])
            if number % 50 == 49 { try database.sync() }
          }
        } catch {
          counts.failed += 1
          #expect(error.isFull && !error.isDamage, "\(error.text)")
          #expect(throws: RocksFailure.self) { try put([9], [9], database) }
        }
      } catch {
        counts.refused += 1
        #expect(error.isFull, "\(error.text)")
        // What is there can be read all the same.
        guard names(in: path).contains("CURRENT") else { continue }
        try expect(taken, in: try RocksDatabase(path: path, isReadOnly: true), room)
      }
    }
    disk.empty()
    try expect(taken, in: try RocksDatabase(path: path, options: options), room)
    removeTree(path)
  }

  private func fill(_ disk: LoopVolume, _ room: Int) {
    #expect(throws: Never.self) { try disk.fill(leaving: room) }
  }

  private func expect(_ keys: [[UInt8]], in database: RocksDatabase, _ room: Int) throws {
    for key in keys {
      let value = try database.value(of: key)
      #expect(value == noise(key[1]), "\(key) with room of \(room)")
    }
  }

  private var options: RocksOptions {
    var options = RocksOptions()
    options.writeBufferSize = 64 << 10
    return options
  }

  private func put(_ key: [UInt8], _ value: [UInt8], _ database: RocksDatabase) throws(RocksFailure)
  {
    let batch = RocksBatch()
    batch.put(key, value)
    try database.write(batch)
  }

  private static let noises = (0..<UInt8(120)).map { makeNoise($0) }

  private func noise(_ seed: UInt8) -> [UInt8] { Self.noises[Int(seed)] }

  /// Bytes that do not compress.
  private static func makeNoise(_ seed: UInt8) -> [UInt8] {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<4000).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }
}

/// Runs blocking code on a thread of its own, so that other tests keep theirs.
private func blocking(_ body: @escaping @Sendable () throws -> Void) async throws {
  try await withCheckedThrowingContinuation { continuation in
    let thread = Thread { continuation.resume(with: Result { try body() }) }
    thread.stackSize = 4 << 20
    thread.start()
  }
}
