import DaemonDriver
import Glibc
import HTTPWire
import Testing

@Suite("HTTP dates")
struct HTTPDateTests {
  @Test("a date is written as in RFC 9110")
  func example() {
    #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate.text(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
    #expect(HTTPDate.text(1_709_208_000) == "Thu, 29 Feb 2024 12:00:00 GMT")
  }

  @Test("times outside the years 1970 to 9999 are clamped")
  func clamps() {
    #expect(HTTPDate.text(.min) == "Thu, 01 Jan 1970 00:00:00 GMT")
    #expect(HTTPDate.text(.max) == "Fri, 31 Dec 9999 23:59:59 GMT")
  }

  @Test("what is written is read back, and agrees with the C library")
  func roundTrip() {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    for _ in 0..<5000 {
      let seconds = Int64(random.below(253_402_300_799))
      let text = HTTPDate.text(seconds)
      #expect(withBytes(text) { unsafe HTTPDate.parse($0) } == seconds, "SEED=\(seed)")
      var time = time_t(seconds)
      var parts = tm()
      unsafe gmtime_r(&time, &parts)
      let reference = unsafe String(unsafeUninitializedCapacity: 64) { out in
        unsafe out.withMemoryRebound(to: CChar.self) { out in
          unsafe strftime(out.baseAddress, 64, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        }
      }
      #expect(text == reference, "SEED=\(seed)")
    }
  }

  @Test(
    "anything else is no date",
    arguments: [
      "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
      "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 24:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
      "Sun, 6 Nov 1994 08:49:37 GMT ", "Sun, +6 Nov 1994 08:49:37 GMT",
    ])
  func malformed(_ text: String) {
    #expect(withBytes(text) { unsafe HTTPDate.parse($0) } == nil)
  }

  @Test("the cache follows the clock")
  func cache() {
    var cache = HTTPDateCache()
    for second in [5, 5, 6, 4, 784_111_777] as [Int64] {
      var out = [UInt8](repeating: 0, count: HTTPDate.size)
      unsafe out.withUnsafeMutableBytes { raw in
        if let base = raw.baseAddress { unsafe cache.write(second, to: base) }
      }
      #expect(String(decoding: out, as: UTF8.self) == HTTPDate.text(second))
    }
  }
}
