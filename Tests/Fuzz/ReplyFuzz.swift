// Fuzzes what a client makes of a server's bytes: head, interim heads, Content-Range and a chunked body. No input traps, and any
// split gives the same reply.

/// What the bytes of one reply came to.
private struct Reply: Equatable {
  var status: UInt16?
  var contentLength: Int64?
  var isChunked = false
  var keepAlive = false
  var fields: [[UInt8]] = []
  var bodyOffset = 0
  var rejection: HTTPRejection?

  /// Parses `input`, of which `cut` bytes are shown first.
  init(_ input: UnsafeRawBufferPointer, cut: Int) {
    var parser = HTTPResponseHeadParser(limits: HTTPHeadLimits(sizeMax: 512, fieldCountMax: 8))
    let early = unsafe parser.parse(UnsafeRawBufferPointer(rebasing: input[..<cut]))
    let outcome = unsafe early == .incomplete ? parser.parse(input) : early
    if case .rejected(let why) = outcome { rejection = why }
    guard outcome == .complete else { return }
    let head = parser.head
    precondition(head.length > 0 && head.length <= input.count, "the head lies inside the input")
    precondition(head.status >= 100 && head.status <= 599, "a status has three digits")
    precondition(!(head.isChunked && head.contentLength != nil), "one length of the body")
    precondition((head.contentLength ?? 0) >= 0, "a length is not negative")
    (status, contentLength, isChunked) = (head.status, head.contentLength, head.isChunked)
    (keepAlive, bodyOffset) = (head.keepAlive, head.length)
    unsafe head.forEachField { name, value in
      precondition(name.count > 0, "a field has a name")
      precondition(unsafe !value.contains(0x0D) && !value.contains(0x0A), "a value is one line")
      unsafe fields.append(Array(name) + [0x3A] + Array(value))
      return true
    }
    precondition(fields.count == head.fieldCount, "the look-up misses a field")
    if let text = head.field("content-range"), let range = HTTPContentRange(text) {
      precondition(range.range != nil || range.length != nil, "a range says something")
      if let found = range.range {
        precondition(found.lowerBound >= 0 && !found.isEmpty, "a range has bytes")
        precondition(found.upperBound <= range.length ?? .max, "a range lies inside its whole")
      }
    }
    checkPrefix(input)
  }

  /// Every prefix is incomplete: a head is accepted at its last byte, not before.
  private func checkPrefix(_ input: UnsafeRawBufferPointer) {
    var parser = HTTPResponseHeadParser(limits: HTTPHeadLimits(sizeMax: 512, fieldCountMax: 8))
    let prefix = unsafe UnsafeRawBufferPointer(rebasing: input[..<(bodyOffset - 1)])
    precondition(unsafe parser.parse(prefix) == .incomplete, "a prefix was accepted or refused")
  }
}

/// The chunked body in `input`, at most `dataMax` bytes at a time as a reader's buffer takes them; nil when it is refused.
private func chunked(_ input: UnsafeRawBufferPointer, dataMax: Int) -> [UInt8]? {
  var decoder = HTTPChunkedDecoder()
  var body: [UInt8] = []
  var start = 0
  while true {
    let piece = unsafe UnsafeRawBufferPointer(rebasing: input[start...])
    // What the client receives past the decoder, straight into a buffer.
    if decoder.pendingData > 0 {
      let count = min(piece.count, Int(clamping: decoder.pendingData), dataMax)
      guard count > 0 else { return body }
      decoder.skipData(count)
      unsafe body.append(contentsOf: piece[..<count])
      start += count
      continue
    }
    switch unsafe decoder.next(piece, dataMax: dataMax) {
    case .incomplete: return body
    case .data(let offset, let count):
      precondition(count > 0 && count <= dataMax, "data is within its limit")
      unsafe body.append(contentsOf: piece[offset..<(offset + count)])
      start += offset + count
    case .end: return body
    case .rejected: return nil
    }
  }
}

/// Called by libFuzzer for each input: a place to cut, then the reply.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReply(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  guard size >= 1 else { return 0 }
  let whole = unsafe UnsafeRawBufferPointer(start: data, count: size)
  let input = unsafe UnsafeRawBufferPointer(rebasing: whole[1...])
  let reply = unsafe Reply(input, cut: 0)
  let cut = Int(unsafe whole[0]) % (input.count + 1)
  precondition(unsafe Reply(input, cut: cut) == reply, "a split changed the reply")
  guard reply.isChunked else { return 0 }
  let body = unsafe UnsafeRawBufferPointer(rebasing: input[reply.bodyOffset...])
  let once = unsafe chunked(body, dataMax: .max)
  precondition(
    unsafe chunked(body, dataMax: 1 + cut % 7) == once, "a small buffer changed the body")
  return 0
}
