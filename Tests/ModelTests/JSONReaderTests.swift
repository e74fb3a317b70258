import DaemonDriver
import Testing

@testable import Model

@Suite("JSONReader")
struct JSONReaderTests {
  private func parse(_ text: String) throws -> JSONValue { try JSONReader.parse(Array(text.utf8)) }

  @Test("every kind of value is read, and members keep their order")
  func values() throws {
    let value = try parse(#" {"b":[1,-2.5e3,true,false,null],"a":{"x":"\u00e9\ud83d\ude00\n\\"}} "#)
    #expect(value.members?.map(\.name) == ["b", "a"])
    #expect(
      value["b"]
        == .array([.number("1"), .number("-2.5e3"), .boolean(true), .boolean(false), .null]))
    #expect(value["a"]?["x"]?.text == "é😀\n\\")
    #expect(value["b"]?.elements?[0].integer == 1)
    #expect(value["b"]?.elements?[1].integer == nil)
    #expect(value["none"] == nil)
    #expect(try parse("[]") == .array([]))
    #expect(try parse("{}") == .object([]))
  }

  @Test(
    "what is no JSON is refused with its place",
    arguments: [
      "", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "01", "1.", "-", "tru", "\"a", "\"\u{1}\"",
      #""\ud800""#, #""\x""#, "[1] 2", "{\"a\":1,\"a\":2}", "nul", "+1", "{a:1}",
      #""\ud800\u0041""#,
    ])
  func refused(_ text: String) {
    #expect(throws: JSONProblem.self) { try parse(text) }
  }

  @Test("a problem names line and column")
  func place() {
    #expect(throws: JSONProblem(what: "a value is due here", line: 2, column: 3)) {
      try parse("[1,\n  x]")
    }
  }

  @Test("no depth exhausts the stack and no bytes but UTF-8 are taken")
  func bounds() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONProblem.self) { try parse(deep) }
    let nested = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
    #expect(try parse(nested).elements?.count == 1)
    #expect(throws: JSONProblem.self) { try JSONReader.parse([0x22, 0xFF, 0x22]) }
  }

  @Test("no bytes trap the reader, and what it takes it takes again")
  func garbage() throws {
    var random = SeededRandom(seed: 3)
    let sample = Array(#"{"a":[1,-2.5e3,"x\u00e9\n",{"b":null}],"c":true}"#.utf8)
    var taken = 0
    for _ in 0..<20_000 {
      var bytes = sample
      for _ in 0...(random.next() % 3) {
        let place = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 3 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: place)
        default: bytes.insert(sample[Int(random.next() % UInt64(sample.count))], at: place)
        }
      }
      guard let value = try? JSONReader.parse(bytes) else { continue }
      taken += 1
      let again = try JSONReader.parse(bytes)
      #expect(value == again)
    }
    #expect(taken > 100)
  }

  @Test("what the writer writes is read back")
  func roundTrip() throws {
    let text = "q\"\\\u{1}\u{7F}\n\tä/"
    let bytes = JSONWriter.object {
      $0.member("t", text)
      $0.member("n", Int64.min)
      $0.member("b", true)
    }
    let value = try JSONReader.parse(bytes)
    #expect(value["t"]?.text == text)
    #expect(value["n"]?.integer == Int64.min)
    #expect(value["b"]?.truth == true)
  }
}
