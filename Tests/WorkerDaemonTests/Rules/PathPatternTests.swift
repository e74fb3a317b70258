import DaemonDriver
import Testing

@testable import WorkerDaemon

@Suite("PathPattern")
struct PathPatternTests {
  @Test(
    "a pattern matches whole paths as Java's does",
    arguments: [
      (".*/tables/.*", "/s3/tables/a", true), (".*/tables/.*", "/s3/table/a", false),
      ("/a", "/a/b", false), ("", "", true), ("", "a", false), ("a|b", "b", true),
      ("(a|b)*c", "ababc", true), ("(?:a|b)+", "", false), ("a{2,3}", "aa", true),
      ("a{2,3}", "aaaa", false), ("a{2}", "aa", true), ("a{2,}", "aaaaa", true),
      (".*\\.parquet", "/d/x.parquet", true), (".*\\.parquet", "/d/xparquet", false),
      ("[a-c]x[^0-9]", "bxz", true), ("[a-c]x[^0-9]", "bx1", false), ("[]a]", "]", true),
      ("[a-]", "-", true), ("\\d{4}-\\d\\d", "2026-11", true), ("\\w+\\s\\S", "ab c", true),
      ("[\\d.]+", "1.5", true), ("^/a/.*$", "/a/b", true), ("a?", "", true), ("a??b", "b", true),
      ("(?i)/DATA/.*", "/data/X", true), ("/(?i:d)/D", "/D/d", false), ("\\Qa.b\\E.", "a.bc", true),
      ("\\Qa.b\\E", "axb", false), ("s3a?://bkt/.*", "s3a://bkt/x", true), ("(?<n>a)b", "ab", true),
      ("é.", "éü", true), (".*", "/a\nb", true), ("\\x41\\u0042", "AB", true),
      ("(a*)*b", "aab", true),
      ("[^/]+", "a/b", false), ("\\D\\W", "a-", true), ("(|a)b", "b", true), ("}", "}", true),
    ])
  func matches(_ pattern: String, _ path: String, _ expected: Bool) throws {
    #expect(try PathPattern(pattern).matches(path) == expected, "\(pattern) on \(path)")
  }

  @Test(
    "what is wrong, or needs backtracking, is refused by name",
    arguments: [
      ("(a", "without its )"), ("a)", "without its ("), ("[a", "without its ]"),
      ("*a", "nothing to repeat"), ("a**", "quantifier"), ("a{3,1}", "wrong way round"),
      ("a{99999}", "repetitions"), ("(?=a)b", "backtracking"), ("(?<!a)b", "backtracking"),
      ("(a)\\1", "back references"), ("a*+", "possessive"), ("\\bword", "not taken"),
      ("a\\", "at the end"),
      ("[z-a]", "range"), ("[a&&b]", "&&"), ("\\pL", "not taken"), ("(?m)a", "kind of group"),
      ("(a{1000}){1000}", "too large"), ("[[a]]", "written \\["), ("\\xZZ", "hexadecimal"),
    ])
  func refused(_ pattern: String, _ words: String) {
    do {
      _ = try PathPattern(pattern)
      Issue.record("\(pattern) is taken")
    } catch {
      #expect(error.what.contains(words), "\(error)")
      #expect(error.pattern == pattern)
    }
  }

  @Test("patterns that stop backtracking engines take no time")
  func catastrophic() throws {
    let path = String(repeating: "a", count: 1000) + "!"
    let clock = ContinuousClock()
    let time = try clock.measure {
      for pattern in ["(a+)+", "(a|aa)*", "(.*)*(.*)*x"] {
        let compiled = try PathPattern(pattern)
        #expect(!compiled.matches(path))
      }
      let empty = try PathPattern("((){1000}){1000}")
      #expect(empty.matches(""))
    }
    #expect(time < .seconds(20))
  }

  @Test("patterns match what Swift's own engine matches")
  func differential() throws {
    var random = SeededRandom(seed: 99)
    for round in 0..<400 {
      let text = Self.randomPattern(&random, depth: 3)
      let pattern = try PathPattern(text)
      let reference = try Regex(text)
      for _ in 0..<12 {
        let path = String(
          decoding: (0..<(random.next() % 7)).map { _ in
            UInt8(ascii: "a") + UInt8(random.next() % 3)
          }, as: UTF8.self)
        let expected = try reference.wholeMatch(in: path) != nil
        #expect(pattern.matches(path) == expected, "round \(round): \(text) on '\(path)'")
      }
    }
  }

  private static func randomPattern(_ random: inout SeededRandom, depth: Int) -> String {
    var text = ""
    for _ in 0...(random.next() % 3) {
      switch random.next() % (depth > 0 ? 8 : 4) {
      case 0: text += "a"
      case 1: text += "."
      case 2: text += "[ab]"
      case 3: text += "[^a]"
      case 4: text += "(?:\(randomPattern(&random, depth: depth - 1)))"
      case 5:
        let (left, right) = (
          randomPattern(&random, depth: depth - 1), randomPattern(&random, depth: depth - 1)
        )
        text += "(?:\(left)|\(right))"
      case 6: text += "(?:\(randomPattern(&random, depth: depth - 1)))*"
      default: text += "(?:\(randomPattern(&random, depth: depth - 1))){1,2}"
      }
    }
    return text
  }

  @Test("no text traps the parser or the matcher")
  func garbage() {
    var random = SeededRandom(seed: 7)
    let alphabet = Array("ab().*+?{}[]\\^$|-,:<>=!dwsQEkxu01&iA".unicodeScalars)
    for _ in 0..<5000 {
      var text = String.UnicodeScalarView()
      for _ in 0..<(random.next() % 16) {
        text.append(alphabet[Int(random.next() % UInt64(alphabet.count))])
      }
      guard let pattern = try? PathPattern(String(text)) else { continue }
      _ = pattern.matches("ab01")
    }
  }

  @Test("groups nested without end are refused, not followed")
  func depth() {
    let deep = String(repeating: "(", count: 10_000)
    #expect(throws: PatternProblem.self) { try PathPattern(deep) }
  }
}
