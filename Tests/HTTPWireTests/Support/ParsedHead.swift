// A request head parsed from text, copied out of the parser so that tests can compare it.

import HTTPWire

/// What a parser made of some bytes.
struct ParsedHead: Equatable {
  var outcome: HTTPHeadParser.Outcome
  var length = 0
  var method = HTTPMethod.other
  var minorVersion: UInt8 = 1
  var target = ""
  var path = ""
  var query: String?
  var host: String?
  var range: String?
  var contentLength: Int64?
  var isChunked = false
  var keepAlive = true
  var expectsContinue = false
  var fields: [String] = []

  /// The rejection, if that is what it came to.
  var rejection: HTTPRejection? {
    if case .rejected(let rejection) = outcome { rejection } else { nil }
  }

  /// Parses `text` at once.
  init(_ text: String, limits: HTTPHeadLimits = .init()) {
    self.init(Array(text.utf8), limits: limits)
  }

  /// Parses `bytes`, shown to the parser up to each of `stops` and then whole; each time from another address.
  init(_ bytes: [UInt8], stops: [Int] = [], limits: HTTPHeadLimits = .init()) {
    var parser = HTTPHeadParser(limits: limits)
    outcome = .incomplete
    for stop in stops + [bytes.count] where outcome == .incomplete {
      let copy = Array(bytes[..<stop])
      outcome = unsafe copy.withUnsafeBytes { unsafe parser.parse($0) }
      guard outcome == .complete else { continue }
      unsafe copy.withUnsafeBytes { _ in take(parser.head) }
    }
  }

  private mutating func take(_ head: HTTPRequestHead) {
    length = head.length
    method = head.method
    minorVersion = head.minorVersion
    target = unsafe head.rawTarget.text
    path = unsafe head.rawPath.text
    query = unsafe head.rawQuery?.text
    host = unsafe head.host?.text
    range = unsafe head.range?.text
    contentLength = head.contentLength
    isChunked = head.isChunked
    keepAlive = head.keepAlive
    expectsContinue = head.expectsContinue
    unsafe head.forEachField { name, value in
      unsafe fields.append("\(name.text)=\(value.text)")
      return true
    }
  }
}

/// Calls `body` with the bytes of `text`.
func withBytes<T>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
  try unsafe Array(text.utf8).withUnsafeBytes { try unsafe body($0) }
}
