import Testing

@testable import HTTPWire

@Suite("HTTP reply heads")
struct HTTPResponseHeadParserTests {
  /// Parses `text`, shown up to each of `stops` first.
  private func parse(
    _ text: String, stops: [Int] = [], limits: HTTPHeadLimits = HTTPHeadLimits()
  ) -> (outcome: HTTPResponseHeadParser.Outcome, head: HTTPResponseHead) {
    var parser = HTTPResponseHeadParser(limits: limits)
    let bytes = Array(text.utf8)
    var outcome = HTTPResponseHeadParser.Outcome.incomplete
    for stop in stops + [bytes.count] where outcome == .incomplete {
      outcome = unsafe Array(bytes[..<stop]).withUnsafeBytes { unsafe parser.parse($0) }
    }
    return (outcome, parser.head)
  }

  private static let text =
    "HTTP/1.1 206 Partial Content\r\nETag: \"a\"\r\nContent-Length:  5 \r\nX-Empty:\r\n"
    + "x-twice: 1\r\nX-Twice: 2\r\n\r\nhello"

  @Test("a head tells status, length and fields, whatever the case of their names")
  func fields() {
    let (outcome, head) = parse(Self.text)
    #expect(outcome == .complete)
    #expect(head.status == 206)
    #expect(head.contentLength == 5)
    #expect(head.keepAlive)
    #expect(head.length == Self.text.utf8.count - 5)
    #expect(head.field("etag") == "\"a\"")
    #expect(head.field("X-EMPTY") == "")
    #expect(head.field("X-Twice") == "1")
    #expect(head.field("X-Twic") == nil)
    #expect(head.fieldCount == 5)
  }

  @Test("every split gives the same head, and no prefix is one")
  func splits() {
    let end = Self.text.utf8.count - 5
    for stop in 0...end {
      let (outcome, head) = parse(Self.text, stops: [stop / 2, stop])
      #expect(outcome == .complete)
      #expect(head.length == end)
      #expect(head.field("etag") == "\"a\"")
    }
    for stop in 0..<end {
      // By bytes: a line's end is one Character.
      let prefix = String(decoding: Array(Self.text.utf8.prefix(stop)), as: UTF8.self)
      #expect(parse(prefix).outcome == .incomplete)
    }
  }

  @Test("who keeps the connection follows from version and Connection")
  func keepAlive() {
    let cases: [(String, String, Bool)] = [
      ("1.1", "", true), ("1.1", "Connection: close\r\n", false),
      ("1.1", "Connection: x, CLOSE\r\n", false), ("1.0", "", false),
      ("1.0", "Connection: Keep-Alive\r\n", true),
    ]
    for (version, field, keeps) in cases {
      let (outcome, head) = parse("HTTP/\(version) 200 OK\r\n\(field)Content-Length: 0\r\n\r\n")
      #expect(outcome == .complete)
      #expect(head.keepAlive == keeps)
    }
  }

  @Test("limits hold for size and lines")
  func limits() {
    let limits = HTTPHeadLimits(sizeMax: 64, fieldCountMax: 2)
    #expect(parse("HTTP/1.1 200\r\na: 1\r\nb: 2\r\n\r\n", limits: limits).outcome == .complete)
    #expect(
      parse("HTTP/1.1 200\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n", limits: limits).outcome
        == .rejected(.tooManyFields))
    let long = "HTTP/1.1 200 " + String(repeating: "x", count: 64)
    #expect(parse(long, limits: limits).outcome == .rejected(.headTooLarge))
  }

  @Test("a content range is one range that fits its whole")
  func contentRange() {
    #expect(HTTPContentRange("bytes 0-4/10")?.range == 0..<5)
    #expect(HTTPContentRange("bytes 0-4/10")?.length == 10)
    #expect(HTTPContentRange("bytes 5-5/*")?.range == 5..<6)
    #expect(HTTPContentRange("bytes */7")?.length == 7)
    #expect(HTTPContentRange("bytes */7")?.range == nil)
    let bad = [
      "", "bytes", "bytes 0-4", "bytes */*", "bytes 4-0/10", "bytes 0-10/10", "bytes -4/10",
      "bytes 0-/10", "bytes 0-4/-1", "lines 0-4/10", "bytes 0-4,6-7/10", "bytes 0-4/10/3",
      "bytes 0-9223372036854775807/*", "bytes 0-99999999999999999999/*", "bytes +0-4/10",
    ]
    for text in bad { #expect(HTTPContentRange(text) == nil, "\(text)") }
  }

  @Test("an origin is host and port, and nothing that could be taken for one")
  func origins() {
    #expect(HTTPOrigin(isSecure: false, authority: "A.b:81")?.description == "http://a.b:81")
    #expect(HTTPOrigin(isSecure: true, authority: "a.b")?.port == 443)
    #expect(HTTPOrigin(isSecure: true, authority: "[::1]:8443")?.host == "::1")
    #expect(HTTPOrigin(isSecure: true, authority: "[::1]")?.authority == "[::1]")
    let bad = [
      "", ":80", "a:", "a:0", "a:65536", "a:1:2", "u@a", "u:p@a", "a b", "[::1", "[a]", "é",
    ]
    for text in bad { #expect(HTTPOrigin(isSecure: false, authority: text) == nil, "\(text)") }
  }
}
