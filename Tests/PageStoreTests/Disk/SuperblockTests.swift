import CLinux
import DaemonDriver
import Testing

@testable import PageStore

@Suite("Superblock")
struct SuperblockTests {
  static let sample = Superblock(
    id: VolumeID(high: 0x1122_3344_5566_7788, low: 0x99AA_BBCC_DDEE_FF00), cluster: "Zürich",
    pageSize: 1 << 20, unitCount: 257 * 3, created: 1_795_000_000, generation: 7)

  @Test("a superblock is read back, and lies where docs/formats/volume.md says")
  func roundTrip() {
    let bytes = SuperblockTests.sample.encoded()
    #expect(Superblock.decode(bytes) == .good(SuperblockTests.sample))
    #expect(bytes.count == 4096)
    #expect(Array(bytes[0..<8]) == Array("PENVOLUM".utf8))
    #expect(Array(bytes[8..<16]) == [1, 0, 0, 0, 0, 0, 0x10, 0])
    #expect(bytes[16] == 0x88 && bytes[23] == 0x11 && bytes[24] == 0 && bytes[31] == 0x99)
    #expect(Array(bytes[32..<44]) == [0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0])
    #expect(Array(bytes[48..<56]) == [3, 3, 0, 0, 0, 0, 0, 0])
    #expect(bytes[64] == 7 && bytes[72] == 7)
    #expect(Array(bytes[74..<81]) == Array("Zürich".utf8))
    #expect(bytes[81..<4092].allSatisfy { $0 == 0 })
  }

  @Test("each flipped bit makes a copy damaged or foreign")
  func flips() {
    let right = SuperblockTests.sample.encoded()
    for bit in stride(from: 0, to: 4096 * 8, by: 37) {
      var bytes = right
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      let copy = Superblock.decode(bytes)
      #expect(copy == (bit < 64 ? .foreign : .damaged), "bit \(bit)")
    }
  }

  @Test("no bytes trap, even with a right checksum", arguments: SeededRandom.seeds(4))
  func anyBytes(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for round in 0..<300 {
      var bytes = SuperblockTests.sample.encoded()
      for _ in 0..<1 + random.below(8) {
        let place = random.below(90) < 80 ? 8 + random.below(76) : random.below(4092)
        bytes[place] = UInt8(truncatingIfNeeded: random.next())
      }
      let sum = bytes.withUnsafeBytes { pen_crc32c(0, $0.baseAddress, 4092) }
      for index in 0..<4 {
        bytes[4092 + index] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * index))
      }
      if case .good(let superblock) = Superblock.decode(bytes) {
        #expect(superblock.unitCount > 0, "SEED=\(seed) round \(round)")
        let units = DiskLayout(pageSize: superblock.pageSize).unitsPerBlock
        #expect(Int(superblock.unitCount) % units == 0, "SEED=\(seed) round \(round)")
      }
    }
    for size in [0, 1, 4095, 4097] {
      #expect(Superblock.decode(Array(repeating: 0, count: size)) == .foreign)
    }
  }

  @Test("what does not fit the configuration is refused, whatever else is right")
  func fit() {
    let right = SuperblockTests.sample
    func fit(
      _ copies: [Superblock.Copy], cluster: String = "Zürich", pageSize: Int = 1 << 20,
      units: UInt32 = 257 * 3
    ) -> VolumeFit {
      VolumeFit(copies, cluster: cluster, pageSize: pageSize, unitCount: units)
    }
    let both: [Superblock.Copy] = [.good(right), .good(right)]
    #expect(fit(both) == .adopt(superblock: right, was: right, isRewrite: false, isRepair: false))
    for copies in [both, both.reversed()] {
      for refused in [
        fit(copies, cluster: "Zu\u{308}rich"), fit(copies, pageSize: 1 << 19),
        fit([.version(2), copies[1]]), fit([copies[0], .version(2)]),
      ] {
        guard case .refuse(let reason) = refused else {
          Issue.record("adopted")
          continue
        }
        #expect(reason.contains(":"), "a reason has a remedy")
      }
    }
    for copies: [Superblock.Copy] in [
      [.foreign, .foreign], [.damaged, .damaged], [.foreign, .damaged], [],
    ] {
      guard case .refuse = fit(copies) else {
        Issue.record("adopted")
        continue
      }
    }
    var newer = right
    newer.generation = 8
    newer.unitCount = 257 * 9
    var repaired = newer
    repaired.generation = 9
    repaired.unitCount = 257 * 3
    for copies: [Superblock.Copy] in [[.good(right), .good(newer)], [.good(newer), .damaged]] {
      #expect(
        fit(copies)
          == .adopt(superblock: repaired, was: newer, isRewrite: true, isRepair: true))
    }
  }
}
