import DaemonDriver
import HTTPWire
import Testing

/// One way to confuse two parsers, or a plain mistake, and what becomes of it.
struct BadHead: CustomTestStringConvertible, Sendable {
  let name: String
  let text: String
  let rejection: HTTPRejection
  var testDescription: String { name }

  init(_ name: String, _ text: String, _ rejection: HTTPRejection) {
    self.name = name
    self.text = text
    self.rejection = rejection
  }

  /// A head with a good request line and Host, and `fields` behind them.
  init(_ name: String, fields: String, _ rejection: HTTPRejection) {
    self.init(name, "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n", rejection)
  }
}

let badHeads: [BadHead] = [
  .init(
    "CL.TE", fields: "Content-Length: 6\r\nTransfer-Encoding: chunked",
    .contentLengthWithTransferEncoding),
  .init(
    "TE.CL", fields: "Transfer-Encoding: chunked\r\nContent-Length: 4",
    .contentLengthWithTransferEncoding),
  .init(
    "TE.TE, second obfuscated",
    fields: "Transfer-Encoding: chunked\r\nTransfer-encoding: cow", .repeatedTransferEncoding),
  .init(
    "TE twice", fields: "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    .repeatedTransferEncoding),
  .init("TE unknown", fields: "Transfer-Encoding: xchunked", .chunkedNotFinal),
  .init("TE identity", fields: "Transfer-Encoding: identity", .chunkedNotFinal),
  .init("TE empty", fields: "Transfer-Encoding:", .chunkedNotFinal),
  .init("TE chunked not last", fields: "Transfer-Encoding: chunked, gzip", .chunkedNotFinal),
  .init("TE gzip, chunked", fields: "Transfer-Encoding: gzip, chunked", .unknownTransferEncoding),
  .init(
    "TE chunked, chunked", fields: "Transfer-Encoding: chunked, chunked",
    .unknownTransferEncoding),
  .init("TE quoted", fields: "Transfer-Encoding: \"chunked\"", .chunkedNotFinal),
  .init("TE vertical tab", fields: "Transfer-Encoding: \u{0B}chunked", .controlByte),
  .init("TE space before colon", fields: "Transfer-Encoding : chunked", .spaceBeforeColon),
  .init("TE tab before colon", fields: "Transfer-Encoding\t: chunked", .spaceBeforeColon),
  .init(
    "TE in HTTP/1.0",
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
  .init(
    "CL twice, conflicting", fields: "Content-Length: 5\r\nContent-Length: 6",
    .repeatedContentLength),
  .init(
    "CL twice, equal", fields: "Content-Length: 5\r\nContent-Length: 5",
    .repeatedContentLength),
  .init("CL list", fields: "Content-Length: 5, 5", .malformedContentLength),
  .init("CL plus", fields: "Content-Length: +5", .malformedContentLength),
  .init("CL minus", fields: "Content-Length: -5", .malformedContentLength),
  .init("CL hexadecimal", fields: "Content-Length: 0x5", .malformedContentLength),
  .init("CL empty", fields: "Content-Length:", .malformedContentLength),
  .init("CL inner space", fields: "Content-Length: 1 2", .malformedContentLength),
  .init("CL underscore", fields: "Content-Length: 1_0", .malformedContentLength),
  .init("CL overflow", fields: "Content-Length: 9223372036854775808", .contentLengthTooLarge),
  .init("CL wraps to 5", fields: "Content-Length: 18446744073709551621", .contentLengthTooLarge),
  .init("folded value", fields: "X: a\r\n b", .foldedField),
  .init("folded by tab", fields: "X: a\r\n\tb", .foldedField),
  .init("folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .foldedField),
  .init("bare LF between fields", fields: "X: a\nY: b", .bareLineFeed),
  .init("bare LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLineFeed),
  .init("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLineFeed),
  .init("bare CR in a value", fields: "X: a\rY: b", .bareCarriageReturn),
  .init("CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", .bareCarriageReturn),
  .init("NUL in a value", fields: "X: a\0b", .controlByte),
  .init("NUL in a name", fields: "X\0: b", .controlByte),
  .init("DEL in a value", fields: "X: a\u{7F}b", .controlByte),
  .init("empty name", fields: ": a", .malformedFieldName),
  .init("name with a bracket", fields: "X[0]: a", .malformedFieldName),
  .init("name in UTF-8", fields: "Hö: a", .malformedFieldName),
  .init("no colon", fields: "Xabc", .missingColon),
  .init("Host missing", "GET / HTTP/1.1\r\n\r\n", .missingHost),
  .init("Host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .repeatedHost),
  .init("Host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", .malformedHost),
  .init("Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", .malformedHost),
  .init("Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .malformedHost),
  .init("Expect unknown", fields: "Expect: 200-ok", .unknownExpectation),
  .init("method not a token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedMethod),
  .init("method missing", " / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedMethod),
  .init("method alone", "GET\r\n\r\n", .malformedRequestLine),
  .init("HTTP/0.9", "GET /\r\n\r\n", .malformedRequestLine),
  .init("two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
  .init("space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedVersion),
  .init("tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .controlByte),
  .init("space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .malformedVersion),
  .init("lower-case protocol", "GET / http/1.1\r\nHost: a\r\n\r\n", .malformedVersion),
  .init("version of one digit", "GET / HTTP/1\r\nHost: a\r\n\r\n", .malformedVersion),
  .init("version of three digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", .malformedVersion),
  .init("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion),
  .init("HTTP/3.0", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", .unsupportedVersion),
  .init("target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
  .init("target of another scheme", "GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
  .init(
    "absolute target without a path", "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n",
    .malformedTarget),
  .init("CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
  .init("star without OPTIONS", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", .malformedTarget),
  .init("TLS hello", "\u{16}\u{03}\u{01}\u{02}", .controlByte),
  .init(
    "two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
]

@Suite("HTTP head parser")
struct HTTPHeadParserTests {
  static let plain =
    "GET /v1/node?path=s3://b/k HTTP/1.1\r\nHost: w1:28080\r\nRange: bytes=0-9\r\nX-A:  b \t\r\n\r\n"

  @Test("a plain request gives its parts")
  func plainRequest() {
    let head = ParsedHead(Self.plain + "GET /next HTTP/1.1\r\n")
    #expect(head.outcome == .complete)
    #expect(head.length == Self.plain.utf8.count)
    #expect(head.method == .get)
    #expect(head.target == "/v1/node?path=s3://b/k")
    #expect(head.path == "/v1/node")
    #expect(head.query == "path=s3://b/k")
    #expect(head.host == "w1:28080")
    #expect(head.range == "bytes=0-9")
    #expect(head.fields == ["Host=w1:28080", "Range=bytes=0-9", "X-A=b"])
    #expect(head.keepAlive)
    #expect(head.contentLength == nil)
  }

  @Test("a head that two parsers could read differently is refused", arguments: badHeads)
  func smuggling(_ bad: BadHead) {
    #expect(ParsedHead(bad.text).rejection == bad.rejection)
  }

  @Test("each rejection has a client error or 501 or 505 and a sentence")
  func rejections() {
    for rejection in HTTPRejection.allCases {
      #expect((400...505).contains(rejection.status.code))
      #expect(rejection.message.utf8CodeUnitCount > 10)
    }
  }

  @Test("a refused head is refused at every split, and never accepted before its end")
  func splitRefusals() {
    for bad in badHeads {
      let bytes = Array(bad.text.utf8)
      for stop in 0..<bytes.count {
        let head = ParsedHead(bytes, stops: [stop])
        #expect(head.rejection == bad.rejection, "\(bad.name) split at \(stop)")
      }
    }
  }

  @Test("a head parses the same in one piece, byte by byte, and split at random")
  func splits() {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    let texts = [
      Self.plain, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nConnection: close\r\n\r\n",
      "\r\nPUT /%20 HTTP/1.0\r\nConnection: keep-alive, x\r\nExpect: 100-Continue\r\n\r\n",
    ]
    for text in texts {
      let bytes = Array(text.utf8)
      let whole = ParsedHead(bytes)
      #expect(whole.outcome == .complete)
      #expect(ParsedHead(bytes, stops: Array(0..<bytes.count)) == whole)
      for _ in 0..<200 {
        let stops = (0..<random.below(6)).map { _ in random.below(bytes.count) }
          .sorted()
        #expect(ParsedHead(bytes, stops: stops) == whole, "SEED=\(seed) stops=\(stops)")
      }
    }
  }

  @Test("every prefix of a good head is incomplete")
  func prefixes() {
    let bytes = Array(Self.plain.utf8)
    for count in 0..<bytes.count {
      #expect(ParsedHead(Array(bytes[..<count])).outcome == .incomplete)
    }
  }

  @Test("random bytes never trap and never change a verdict when more arrive")
  func mutations() {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    let alphabet = Array("GET / HTTP/1.1\r\n: \tHost,chunked0\u{0}\u{7F}é".utf8)
    for _ in 0..<20_000 {
      var bytes = Array(Self.plain.utf8)
      for _ in 0..<(1 + random.below(3)) {
        bytes[random.below(bytes.count)] = alphabet[random.below(alphabet.count)]
      }
      let whole = ParsedHead(bytes)
      let split = ParsedHead(bytes, stops: [random.below(bytes.count)])
      #expect(whole == split, "SEED=\(seed) \(String(decoding: bytes, as: UTF8.self))")
    }
  }

  @Test(
    "who keeps the connection is decided by version and Connection",
    arguments: [
      ("HTTP/1.1", "X: y", true), ("HTTP/1.1", "Connection: close", false),
      ("HTTP/1.1", "Connection: keep-alive, Close", false),
      ("HTTP/1.1", "Connection: upgrade\r\nConnection: ,close ,", false),
      ("HTTP/1.1", "Connection: closed", true), ("HTTP/1.0", "X: y", false),
      ("HTTP/1.0", "Connection: Keep-Alive", true), ("HTTP/1.3", "X: y", true),
    ])
  func keepAlive(_ version: String, _ field: String, _ expected: Bool) {
    let head = ParsedHead("GET / \(version)\r\nHost: a\r\n\(field)\r\n\r\n")
    #expect(head.outcome == .complete)
    #expect(head.keepAlive == expected)
  }

  @Test("body fields are taken in any case and with any padding")
  func bodyFields() {
    let sized = ParsedHead("POST / HTTP/1.1\r\nhost:a\r\nCONTENT-LENGTH: \t007 \r\n\r\n")
    #expect(sized.contentLength == 7)
    let chunked = ParsedHead("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n")
    #expect(chunked.isChunked)
    let largest = ParsedHead(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775806\r\n\r\n")
    #expect(largest.contentLength == Int64.max - 1)
  }

  @Test("an expectation counts in HTTP/1.1 only")
  func expectation() {
    #expect(ParsedHead("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").expectsContinue)
    #expect(!ParsedHead("PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expectsContinue)
  }

  @Test(
    "targets in path, URL and star form",
    arguments: [
      ("GET /a/b?c=d?e", "/a/b", "c=d?e"), ("GET http://h:1/a?b", "/a", "b"),
      ("GET https://h/", "/", nil), ("OPTIONS *", "*", nil), ("GET /?", "/", ""),
      ("GET //a", "//a", nil), ("GET /dätä/ü?p=ö&q=%41+", "/dätä/ü", "p=ö&q=%41+"),
    ])
  func targets(_ start: String, _ path: String, _ query: String?) {
    let head = ParsedHead("\(start) HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(head.outcome == .complete)
    #expect(head.path == path)
    #expect(head.query == query)
  }

  @Test("a repeated Range is no range")
  func repeatedRange() {
    let head = ParsedHead(
      "GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nRange: bytes=2-3\r\n\r\n")
    #expect(head.outcome == .complete)
    #expect(head.range == nil)
  }

  @Test("a head of exactly the limit passes, one byte more is 431, however it arrives")
  func sizeLimit() {
    let limits = HTTPHeadLimits(sizeMax: 256)
    func head(_ size: Int) -> [UInt8] {
      let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
      let padding = String(repeating: "x", count: size - start.utf8.count - 4)
      return Array((start + padding + "\r\n\r\n").utf8)
    }
    #expect(ParsedHead(head(256), limits: limits).outcome == .complete)
    #expect(ParsedHead(head(256), stops: Array(0..<256), limits: limits).outcome == .complete)
    #expect(ParsedHead(head(257), limits: limits).rejection == .headTooLarge)
    #expect(ParsedHead(head(257), stops: Array(0..<257), limits: limits).rejection == .headTooLarge)
    let endless = [UInt8](repeating: UInt8(ascii: "a"), count: 300)
    #expect(ParsedHead(endless, limits: limits).rejection == .headTooLarge)
    #expect(HTTPRejection.headTooLarge.status.code == 431)
  }

  @Test("more header lines than the limit are 431")
  func fieldLimit() {
    let limits = HTTPHeadLimits(fieldCountMax: 3)
    let head = { (count: Int) in
      "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: count) + "\r\n"
    }
    #expect(ParsedHead(head(2), limits: limits).outcome == .complete)
    #expect(ParsedHead(head(3), limits: limits).rejection == .tooManyFields)
  }

  @Test("other fields are found by name in any case, and entity tags are compared by their kind")
  func lookups() {
    let text =
      "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: AWS4 x\r\nIf-None-Match: \"a\", W/\"b\"\r\n"
      + "If-Match: W/\"c\"\r\nif-none-match: \"d\"\r\n\r\n"
    unsafe Array(text.utf8).withUnsafeBytes { bytes in
      var parser = HTTPHeadParser(limits: .init())
      #expect(unsafe parser.parse(bytes) == .complete)
      let head = parser.head
      #expect(head.text(of: "authorization") == "AWS4 x")
      #expect(head.text(of: "cookie") == nil)
      #expect(head.matchesIfNoneMatch("\"a\""))
      #expect(head.matchesIfNoneMatch("\"b\""))
      #expect(head.matchesIfNoneMatch("W/\"d\""))
      #expect(!head.matchesIfNoneMatch("\"e\""))
      #expect(!head.passesIfMatch("\"c\""))
    }
  }
}
