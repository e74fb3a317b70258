import Logging
import Testing

@testable import WorkerDaemon

@Suite("Log lines")
struct LogHandlerTests {
  private let handler = StandardErrorLogHandler(label: "test")

  @Test("a text line is one line whatever the message holds")
  func text() {
    let line = handler.line(
      .info, "one\ntwo\u{1b}[31m", ["path": "a\r\nINFO forged"], format: .text)
    let text = String(decoding: line, as: UTF8.self)
    #expect(!text.utf8.contains { $0 < 0x20 })
    #expect(text.hasSuffix(" test one\\u{a}two\\u{1b}[31m path=a\\u{d}\\u{a}INFO forged"))
    #expect(text.contains(" INFO "))
  }

  @Test("a JSON line escapes quotes and controls")
  func json() {
    let line = handler.line(.warning, "say \"x\"\n", ["k": "v"], format: .json)
    let text = String(decoding: line, as: UTF8.self)
    #expect(
      text.hasSuffix(#""level":"warning","logger":"test","message":"say \"x\"\u000a","k":"v"}"#))
  }

  @Test("timestamps are RFC 3339 in UTC to the millisecond")
  func timestamp() {
    let text = Timestamp.now()
    #expect(text.count == 24)
    #expect(text.hasSuffix("Z"))
    #expect(text.dropFirst(10).first == "T")
  }
}
