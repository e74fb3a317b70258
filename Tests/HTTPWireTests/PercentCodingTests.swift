import HTTPWire
import Testing

@Suite("Percent coding")
struct PercentCodingTests {
  private func text(
    _ raw: String, _ mode: PercentCoding.Mode = .strict, form: Bool = false
  ) -> String? {
    withBytes(raw) { unsafe PercentCoding.text($0, mode: mode, form: form) }
  }

  @Test("escapes of either case are decoded, a plus only in forms")
  func decoding() {
    #expect(text("s3%3A%2F%2Fbkt%2fa+b.txt", form: true) == "s3://bkt/a b.txt")
    #expect(text("s3://bkt/a+b%20c") == "s3://bkt/a+b c")
    #expect(text("%C3%BC") == "ü")
    #expect(text("ü&=#") == "ü&=#")
    #expect(text("") == "")
    #expect(text("a%2520b") == "a%20b")
  }

  @Test(
    "a malformed escape is refused strictly and kept leniently",
    arguments: ["%", "a%4", "%zz", "%%41"])
  func malformed(_ raw: String) {
    #expect(text(raw) == nil)
    #expect(text(raw, .lenient) == raw.replacing("%41", with: "A"))
  }

  @Test(
    "text that is not UTF-8 or holds a NUL is refused in both modes", arguments: ["%FF", "a%00b"])
  func notText(_ raw: String) {
    #expect(text(raw) == nil)
    #expect(text(raw, .lenient) == nil)
    #expect(withBytes(raw) { unsafe PercentCoding.decode($0) } != nil)
  }

  @Test("an encoded path decodes to itself and holds unreserved bytes only")
  func encoding() {
    let path = "/s3/a b&c=d?e#f%20/ü+~.bin"
    let encoded = PercentCoding.encode(path: path)
    #expect(encoded == "/s3/a%20b%26c%3Dd%3Fe%23f%2520/%C3%BC%2B~.bin")
    #expect(text(encoded) == path)
  }

  @Test("queries are split before they are decoded")
  func queries() {
    withBytes("a=1&b&&c=x=y&a=2") { query in
      var pairs: [String] = []
      unsafe HTTPQuery.forEach(query) { name, value in
        unsafe pairs.append("\(name.text)→\(value.text)")
        return true
      }
      #expect(pairs == ["a→1", "b→", "c→x=y", "a→2"])
      #expect(unsafe HTTPQuery.value(of: "a", in: query)?.text == "1")
      #expect(unsafe HTTPQuery.value(of: "d", in: query) == nil)
    }
    withBytes("//v1/file/") { path in
      #expect(unsafe HTTPQuery.segments(path).map { unsafe $0.text } == ["v1", "file"])
    }
  }
}
