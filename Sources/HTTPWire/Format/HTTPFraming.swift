// The fields that decide where a message ends and whether its connection goes on: the same rules for requests and replies.
//
// Strict where two parsers could disagree about where a message ends, since what one of them would leave over is taken for the
// next message (RFC 9112 §6, §11.2).

/// What a head says of its message's end and of its connection.
struct HTTPFraming {
  /// The body's length in bytes as stated; nil when it was not.
  private(set) var contentLength: Int64?
  /// Whether the body comes in chunks.
  private(set) var isChunked = false
  private var closes = false
  private var staysOpen = false

  /// Looks for `close` and `keep-alive` in the list `value`; other options mean nothing here.
  mutating func takeConnection(_ value: UnsafeRawBufferPointer) {
    var start = 0
    while start <= value.count {
      var end = start
      while end < value.count, unsafe value[end] != UInt8(ascii: ",") { end += 1 }
      let option = unsafe value.slice(start, end - start).trimmed
      if unsafe option.equalsIgnoringCase("close") { closes = true }
      if unsafe option.equalsIgnoringCase("keep-alive") { staysOpen = true }
      start = end + 1
    }
  }

  /// Takes a Content-Length of digits only; a second line is refused, unless it says the same and `takesEqual`.
  mutating func takeContentLength(
    _ value: UnsafeRawBufferPointer, takesEqual: Bool
  ) throws(HTTPRejection) {
    guard contentLength == nil || takesEqual else { throw .repeatedContentLength }
    guard let length = unsafe value.saturatedDecimal else { throw .malformedContentLength }
    guard length < .max else { throw .contentLengthTooLarge }
    guard contentLength == nil || contentLength == length else { throw .repeatedContentLength }
    contentLength = length
  }

  /// Takes exactly `chunked`, once; any other list is refused by what its last coding is (RFC 9112 §6.1, §6.3).
  mutating func takeTransferEncoding(_ value: UnsafeRawBufferPointer) throws(HTTPRejection) {
    guard !isChunked else { throw .repeatedTransferEncoding }
    if unsafe value.equalsIgnoringCase("chunked") {
      isChunked = true
      return
    }
    var lastStart = value.count
    while lastStart > 0, unsafe value[lastStart - 1] != UInt8(ascii: ",") { lastStart -= 1 }
    let last = unsafe value.slice(lastStart, value.count - lastStart).trimmed
    throw unsafe last.equalsIgnoringCase("chunked") ? .unknownTransferEncoding : .chunkedNotFinal
  }

  /// Checks what only the whole head can tell; returns whether the connection is kept.
  func settle(minorVersion: UInt8) throws(HTTPRejection) -> Bool {
    if isChunked {
      // An intermediary may have believed the other one: RFC 9112 §6.1.
      if contentLength != nil { throw .contentLengthWithTransferEncoding }
      if minorVersion == 0 { throw .transferEncodingInHTTP10 }
    }
    return !closes && (minorVersion == 1 || staysOpen)
  }
}
