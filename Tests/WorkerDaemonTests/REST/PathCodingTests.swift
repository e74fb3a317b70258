// Percent and form coding of paths.

import Testing
import WorkerDaemon

@Suite struct PathCodingTests {
  @Test(
    "a percent escape becomes its byte, and what is no escape stays",
    arguments: [
      ("a%20b", "a b"), ("a+b", "a+b"), ("100%%20sure", "100% sure"), ("100%", "100%"),
      ("a%2", "a%2"), ("a%zz", "a%zz"), ("%C3%BC", "ü"), ("%c3%bc", "ü"), ("%2520", "%20"),
      ("", ""),
    ])
  func decodes(raw: String, text: String) {
    #expect(PathCoding.utf8Text(PathCoding.decode(Array(raw.utf8)[...])) == text)
  }

  @Test("a plus is a space in a form and a plus everywhere else")
  func decodesForms() {
    let raw = Array("a+b%2Bc".utf8)
    #expect(PathCoding.utf8Text(PathCoding.decodeForm(raw[...])) == "a b+c")
    #expect(PathCoding.utf8Text(PathCoding.decode(raw[...])) == "a+b+c")
  }

  @Test("bytes that are not UTF-8 or hold a NUL are no text, rather than another name")
  func refusesWhatIsNoText() {
    #expect(PathCoding.utf8Text(PathCoding.decode(Array("%ff".utf8)[...])) == nil)
    #expect(PathCoding.utf8Text(PathCoding.decode(Array("%ED%A0%80".utf8)[...])) == nil)
    #expect(PathCoding.utf8Text(PathCoding.decode(Array("a%00b".utf8)[...])) == nil)
  }

  @Test("a path is encoded by segment: slashes stay, everything a URL could misread does not")
  func encodes() {
    #expect(
      PathCoding.encodePath("/s3/a b/ü?#%+&=~.bin") == "/s3/a%20b/%C3%BC%3F%23%25%2B%26%3D~.bin")
  }

  @Test("only valid escapes count as escapes")
  func seesEscapes() {
    #expect(PathCoding.hasEscape(Array("a%20b".utf8)[...]))
    #expect(!PathCoding.hasEscape(Array("100% a%2".utf8)[...]))
  }
}
