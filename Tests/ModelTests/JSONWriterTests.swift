// JSON as bytes.

import Model
import Testing

@Suite struct JSONWriterTests {
  private func text(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    body(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test(
    "strings are escaped where JSON demands it and left alone elsewhere",
    arguments: [
      ("plain", #""plain""#), (#"q"\b"#, #""q\"\\b""#), ("\n\r\t", #""\n\r\t""#),
      ("\u{0}\u{1F}\u{7F}", #""\u0000\u001f\u007f""#), ("ü🙂/", "\"ü🙂/\""), ("", "\"\""),
    ])
  func escapes(value: String, json: String) {
    #expect(text { $0.string(value) } == json)
  }

  @Test("commas come between elements and nowhere else")
  func separates() {
    let json = text { writer in
      writer.object {
        $0.member("a", 1)
        $0.name("b")
        $0.array {
          $0.integer(1)
          $0.object { _ in }
          $0.array { _ in }
          $0.string("x")
        }
        $0.name("c")
        $0.object { $0.member("d", true) }
        $0.name("e")
        $0.hundredths(-5)
      }
    }
    #expect(json == #"{"a":1,"b":[1,{},[],"x"],"c":{"d":true},"e":-0.05}"#)
  }

  @Test("the largest and smallest integers are written whole")
  func writesIntegers() {
    #expect(text { $0.integer(Int64.min) } == "-9223372036854775808")
    #expect(text { $0.integer(UInt64.max) } == "18446744073709551615")
  }
}
