// Java's properties syntax.

import Model
import Testing

@Suite("Properties files")
struct PropertiesFileTests {
  private func read(_ text: String) -> PropertiesFile { PropertiesFile(parsing: Array(text.utf8)) }

  @Test(
    "a line is a key, a separator and a value",
    arguments: [
      ("a=b", "a", "b"), ("a:b", "a", "b"), ("a b", "a", "b"), ("  a \t = \t b", "a", "b"),
      ("a=b=c", "a", "b=c"), ("a", "a", ""), ("a=", "a", ""), ("a\\=b=c", "a=b", "c"),
      ("a\\ b=c", "a b", "c"), ("a=b # c", "a", "b # c"), ("a=b  ", "a", "b  "),
      ("a=\\u0041\\u00fc", "a", "Aü"), ("a=\\uD83D\\uDE00", "a", "😀"), ("a=x\\ty", "a", "x\ty"),
      ("a=C:\\\\d", "a", "C:\\d"), ("a=b\\", "a", "b"), ("\u{FEFF}a=b", "a", "b"),
      ("a==b", "a", "=b"), ("a=ü", "a", "ü"),
    ])
  func entry(line: String, name: String, text: String) {
    let file = read(line)
    #expect(file.faults.isEmpty)
    #expect(file.entries.map(\.name) == [name])
    #expect(file.entries.map(\.text) == [text])
    #expect(file.entries.map(\.line) == [1])
  }

  @Test("comments and blank lines are skipped and every line terminator counts")
  func comments() {
    let file = read("# one\n! two\r\n\r\n   \n  #three\\\nkey=value\rnext=1")
    #expect(file.entries.map(\.name) == ["key", "next"])
    #expect(file.entries.map(\.line) == [6, 7])
  }

  @Test("a line that ends in an odd number of backslashes goes on")
  func continuation() {
    let file = read("a=1,\\\n   2,\\\r\n\t3\nb=x\\\\\nc=#\\\n#y\n")
    #expect(file.entries.map(\.text) == ["1,2,3", "x\\", "##y"])
    #expect(file.entries.map(\.line) == [1, 4, 5])
  }

  @Test(
    "a line out of form is named by its number and the others are kept",
    arguments: [
      "a=\\u12", "a=\\uZZZZ", "a=\\uD83D", "a=\\uDE00", "a=\\uD83Dx", "a=\\u0000", "=b",
    ])
  func faults(line: String) {
    let file = read("x=1\n\(line)\ny=2")
    #expect(file.faults.map(\.line) == [2])
    #expect(file.entries.map(\.name) == ["x", "y"])
  }

  @Test("bytes that are not UTF-8 are a fault")
  func notUTF8() {
    let file = PropertiesFile(parsing: [0x61, 0x3D, 0xFF, 0x0A])
    #expect(file.entries.isEmpty)
    #expect(file.faults.count == 1)
  }

  @Test("random bytes never trap the parser", arguments: [1, 2, 3] as [UInt64])
  func fuzz(seed: UInt64) {
    var state = seed
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    let alphabet = Array("\\u=: \t\r\n#!aD8\u{FF}0".utf8) + [0, 0xFF, 0xEF]
    for _ in 0..<2000 {
      let bytes = (0..<Int(next() % 60)).map { _ in
        next() % 8 == 0 ? UInt8(next() % 256) : alphabet[Int(next() % UInt64(alphabet.count))]
      }
      let file = PropertiesFile(parsing: bytes)
      let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 1
      let read = file.entries.map(\.line) + file.faults.map(\.line)
      #expect(read.allSatisfy { $0 >= 1 && $0 <= lines }, "SEED=\(seed) \(bytes)")
      #expect(file.entries.allSatisfy { !$0.name.isEmpty }, "SEED=\(seed) \(bytes)")
    }
  }
}
