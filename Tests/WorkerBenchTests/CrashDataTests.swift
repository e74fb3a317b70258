// Whether the crash bench would see a wrong byte.

import DaemonDriver
import Testing

@testable import worker_bench

@Suite("Data of the crash bench")
struct CrashDataTests {
  private let scratch: ScratchDirectory
  private let data: CrashData

  init() throws {
    scratch = try ScratchDirectory("crash-data")
    data = try CrashData(count: 12, seed: 7, in: scratch.path)
  }

  private func wrong(
    _ bytes: [UInt8], _ versions: ClosedRange<Int>, from start: Int = 0, isWhole: Bool = true
  ) -> Int {
    data.countOfWrongBytes(
      in: bytes, of: 3, versions, from: start, to: start + bytes.count, isWhole: isWhole)
  }

  @Test("files hold what is expected of them, whole and in part, and nothing else")
  func contents() throws {
    let bytes = try readBytes("\(data.folder)/\(data.name(of: 3))")
    #expect(bytes.count == data.length(of: 3, 0) && CrashData.sizes.contains(bytes.count))
    #expect(wrong(bytes, 0...0) == 0)
    #expect(wrong(Array(bytes[13..<99]), 0...0, from: 13) == 0)
    #expect(wrong(Array(bytes[13..<99]), 0...0, from: 14) > 60)
    var flipped = bytes
    flipped[bytes.count / 2] ^= 4
    #expect(wrong(flipped, 0...0) == 1)
  }

  @Test("a body that is too short is wrong, the beginning of a broken one is not")
  func short() throws {
    let bytes = try readBytes("\(data.folder)/\(data.name(of: 3))")
    let part = Array(bytes.dropLast(5))
    let count = { (isWhole: Bool) in
      data.countOfWrongBytes(
        in: part, of: 3, 0...0, from: 0, to: bytes.count, isWhole: isWhole)
    }
    #expect(count(true) == 5)
    #expect(count(false) == 0)
  }

  @Test("a rewritten file is a new version, and bytes of two versions are wrong in both")
  func versions() throws {
    let path = "\(data.folder)/\(data.name(of: 3))"
    let old = try readBytes(path)
    try data.rewrite(3)
    let new = try readBytes(path)
    #expect(data.current(of: 3) == 1...1)
    #expect(wrong(new, 1...1) == 0 && wrong(old, 1...1) > 0 && wrong(old, 0...1) == 0)
    let half = old.count / 2
    #expect(wrong(Array(old[..<half] + new[half...]), 0...1) > 0)
    try data.overwrite(3)
    #expect(wrong(try readBytes(path), 2...2) == 0)
  }
}
