import DaemonDriver
import HTTPWire
import Testing

@Suite("HTTP range")
struct HTTPRangeTests {
  /// What `value` selects of `size` bytes.
  private func selection(_ value: String, of size: Int64) -> HTTPRange.Selection {
    withBytes(value) { unsafe HTTPRange($0).selection(ofSize: size) }
  }

  @Test(
    "one range of bytes is clamped to the file",
    arguments: [
      ("bytes=0-0", 0, 1), ("bytes=5-8", 5, 4), ("bytes=0-99", 0, 100), ("bytes=0-5251267", 0, 100),
      ("bytes=99-", 99, 1), ("bytes=0-", 0, 100), ("bytes=-1", 99, 1), ("bytes=-100", 0, 100),
      ("bytes=-1000", 0, 100), ("bytes=007-008", 7, 2), ("bytes=1-9223372036854775807", 1, 99),
      ("bytes=1-99999999999999999999999999", 1, 99), ("bytes=-99999999999999999999999999", 0, 100),
    ] as [(String, Int64, Int64)])
  func parts(_ value: String, _ offset: Int64, _ count: Int64) {
    #expect(selection(value, of: 100) == .part(offset: offset, count: count))
  }

  @Test(
    "a range at or behind the end selects nothing",
    arguments: [
      "bytes=100-", "bytes=100-200", "bytes=9223372036854775807-", "bytes=-0",
      "bytes=99999999999999999999-", "bytes=99999999999999999999-99999999999999999999",
    ])
  func unsatisfiable(_ value: String) {
    #expect(selection(value, of: 100) == .unsatisfiable)
  }

  @Test(
    "anything else is the whole",
    arguments: [
      "bytes=0--2", "bytes=0-1,3-4", "bytes=-", "bytes=", "bytes", "", "bytes=8-5", "Bytes=0-1",
      "bytes= 0-1", "bytes=0 -1", "bytes=0-1 ", "bytes=a-b", "bytes=+1-2", "bytes=0x0-1",
      "items=0-1",
      "bytes=--1", "bytes=1", "bytes=0-1-", "bytes:0-1", "bytes=٠-١",
    ])
  func whole(_ value: String) {
    #expect(selection(value, of: 100) == .whole)
  }

  @Test("of an empty file a range selects nothing, and no range selects the whole")
  func empty() {
    #expect(selection("bytes=0-", of: 0) == .unsatisfiable)
    #expect(selection("bytes=-5", of: 0) == .unsatisfiable)
    #expect(HTTPRange(nil).selection(ofSize: 0) == .whole)
  }

  @Test("every selection agrees with a byte-by-byte model")
  func model() {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    for _ in 0..<5000 {
      let size = Int64(random.below(12))
      let first = Int64(random.below(14))
      let last = Int64(random.below(14))
      let expected = (0..<size).filter { $0 >= first && $0 <= last }
      let actual = selection("bytes=\(first)-\(last)", of: size)
      let model: HTTPRange.Selection =
        if last < first {
          .whole
        } else if let start = expected.first {
          .part(offset: start, count: Int64(expected.count))
        } else {
          .unsatisfiable
        }
      #expect(actual == model, "SEED=\(seed) \(first)-\(last)/\(size)")
    }
  }

  @Test(
    "If-Range lets a range through for the very same representation only",
    arguments: [
      ("\"v1\"", true), ("\"v2\"", false), ("W/\"v1\"", false),
      ("Sun, 06 Nov 1994 08:49:37 GMT", true), ("Sun, 06 Nov 1994 08:49:38 GMT", false),
      ("nonsense", false),
    ])
  func ifRange(_ condition: String, _ holds: Bool) {
    let text = "GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\nIf-Range: \(condition)\r\n\r\n"
    withBytes(text) { bytes in
      var parser = HTTPHeadParser(limits: .init())
      #expect(unsafe parser.parse(bytes) == .complete)
      let range = parser.head.range(ifRange: "\"v1\"", modified: 784_111_777)
      #expect(range == (holds ? .bytes(first: 1, last: 2) : .whole))
    }
  }
}
