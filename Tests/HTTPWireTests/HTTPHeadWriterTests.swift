import HTTPWire
import Testing

@Suite("HTTP head writer")
struct HTTPHeadWriterTests {
  /// What `body` writes, as text.
  private func written(_ body: (inout HTTPHeadWriter) -> Void) -> String {
    var writer = HTTPHeadWriter()
    body(&writer)
    return unsafe writer.bytes.text
  }

  @Test(
    "numbers are written in full",
    arguments: [0, 7, 10, -1, 99_999, 1_048_576, .max, .min] as [Int64])
  func decimals(_ value: Int64) {
    #expect(written { $0.write(value) } == "\(value)")
  }

  @Test(
    "chunk sizes are hexadecimal",
    arguments: [0, 1, 15, 16, 255, 4096, 1_048_576, .max] as [UInt64])
  func hexadecimals(_ value: UInt64) {
    #expect(written { $0.write(hexadecimal: value) } == String(value, radix: 16))
  }

  @Test("lines have a name, a colon, a value and an end")
  func lines() {
    let text = written { writer in
      writer.header("A", "b" as StaticString)
      writer.header("C", String("d"))
      writer.header("E", 5)
      writer.header("F", date: 0)
      writer.contentRange(offset: 5, count: 4, size: 100)
      writer.contentRange(unsatisfiedSize: 7)
    }
    #expect(
      text == "A: b\r\nC: d\r\nE: 5\r\nF: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        + "Content-Range: bytes 5-8/100\r\nContent-Range: bytes */7\r\n")
  }

  @Test("no value can end its line")
  func injection() {
    let text = written { $0.header("L", String("a\r\nSet-Cookie: x\u{0}\u{7F}é")) }
    #expect(text == "L: a  Set-Cookie: x  é\r\n")
  }

  @Test("a head that outgrows its block keeps every byte")
  func growth() {
    var expected = ""
    let text = written { writer in
      for number in 0..<2000 {
        writer.header("X-Number", Int64(number))
        expected += "X-Number: \(number)\r\n"
      }
    }
    #expect(text == expected)
  }

  @Test("messages are JSON whatever they hold")
  func json() {
    let bytes = JSONText.message("a\"b\\c\n\u{1}é")
    #expect(String(decoding: bytes, as: UTF8.self) == #"{"message":"a\"b\\c\u000a\u0001é"}"#)
  }
}
