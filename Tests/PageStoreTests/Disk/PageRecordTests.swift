import DaemonDriver
import Model
import Testing

@testable import PageStore

@Suite("PageRecord")
struct PageRecordTests {
  static let page = StoredPage(
    unit: 0x0102_0304,
    key: PageKey(file: FileKey(high: 0x1122_3344_5566_7788, low: .max), index: 0xA0B0_C0D0),
    length: 16 << 20, root: 0xDEAD_BEEF, sequence: 0x0F0E_0D0C_0B0A_0908, filledAt: 77)

  private func read(_ key: [UInt8], _ value: [UInt8]) -> PageRecord.Content {
    key.withUnsafeBytes { key in value.withUnsafeBytes { PageRecord.read(key: key, value: $0) } }
  }

  private func value(_ page: StoredPage) -> [UInt8] {
    withUnsafeBytes(of: PageRecord.value(page)) { Array($0) }
  }

  @Test("a page's record is read back, and lies as docs/formats/volume.md says")
  func roundTrip() {
    let page = PageRecordTests.page
    let bytes = value(page)
    #expect(bytes.count == 40)
    #expect(Array(bytes[0..<8]) == [1, 0xFF, 0xFF, 0xFF, 0xD0, 0xC0, 0xB0, 0xA0])
    #expect(bytes[8] == 0x88 && bytes[24] == 0x08)
    #expect(Array(bytes[32..<40]) == [0xEF, 0xBE, 0xAD, 0xDE, 77, 0, 0, 0])
    let key = withUnsafeBytes(of: PageRecord.key(PageRecord.pageTag, page.unit)) { Array($0) }
    #expect(key == [2, 1, 2, 3, 4])
    #expect(read(key, bytes) == .page(page))
    var small = page
    small.length = 1
    #expect(read(key, value(small)) == .page(small))
    #expect(read([1, 0, 0, 0, 9], [1, 3, 2, 1]) == .bad(unit: 9, count: 0x01_0203))
  }

  @Test(
    "no bytes trap, and what is not a record of this version is unknown",
    arguments: SeededRandom.seeds(3))
  func anyBytes(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for _ in 0..<2000 {
      let key = (0..<random.below(8)).map { _ in UInt8(truncatingIfNeeded: random.next() % 4) }
      let value = (0..<random.below(50)).map { _ in UInt8(truncatingIfNeeded: random.next() % 3) }
      switch read(key, value) {
      case .page(let page): #expect(page.length > 0 && value.count == 40, "SEED=\(seed)")
      case .bad(_, let count): #expect(count >= 0 && value.count == 4, "SEED=\(seed)")
      case .owner: #expect(key == [0] && value.count == 17, "SEED=\(seed)")
      case .closed: #expect(key == [0, 0] && value == [1], "SEED=\(seed)")
      case .unknown: break
      }
    }
    #expect(read([2, 0, 0, 0, 0], [2] + Array(repeating: 0, count: 39)) == .unknown)
    #expect(read([2, 0, 0, 0, 0], [1] + Array(repeating: 0, count: 40)) == .unknown)
    #expect(read([], []) == .unknown)
  }
}
