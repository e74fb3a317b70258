// Fuzzes the request head parser: no input traps, and no prefix is understood differently from the whole.

/// Called by libFuzzer for each input; compiled together with Sources/HTTPWire/Format by `scripts/fuzz`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHead(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let input = unsafe UnsafeRawBufferPointer(start: data, count: size)
  let limits = HTTPHeadLimits(sizeMax: 512, fieldCountMax: 8)
  var whole = HTTPHeadParser(limits: limits)
  let verdict = unsafe whole.parse(input)

  // The same bytes in two pieces; where to cut is up to the input.
  let cut = size == 0 ? 0 : Int(unsafe input[size / 2]) % (size + 1)
  var split = HTTPHeadParser(limits: limits)
  let early = unsafe split.parse(UnsafeRawBufferPointer(rebasing: input[..<cut]))
  let late = unsafe early == .incomplete ? split.parse(input) : early
  precondition(late == verdict, "a split changed the verdict")

  guard verdict == .complete else { return 0 }
  let head = whole.head
  precondition(head.length > 0 && head.length <= size, "the head lies inside the input")
  precondition(split.head.length == head.length, "a split changed the length")
  precondition(split.head.method == head.method, "a split changed the method")
  precondition(split.head.contentLength == head.contentLength, "a split changed the body")
  precondition(split.head.isChunked == head.isChunked, "a split changed the body")
  precondition(!(head.isChunked && head.contentLength != nil), "one length of the body")
  precondition((head.contentLength ?? 0) >= 0, "a length is not negative")

  // Every prefix is incomplete: a head is accepted at its last byte, not before.
  var shorter = HTTPHeadParser(limits: limits)
  let prefix = unsafe shorter.parse(UnsafeRawBufferPointer(rebasing: input[..<(head.length - 1)]))
  precondition(prefix == .incomplete, "a prefix was accepted or refused")

  // The lazy look-up sees the same lines as the parser.
  var count = 0
  unsafe head.forEachField { name, value in
    count += 1
    precondition(name.count > 0, "a field has a name")
    precondition(unsafe !value.contains(0x0D) && !value.contains(0x0A), "a value is one line")
    return true
  }
  precondition(count == head.fieldCount, "the look-up misses a field")
  precondition(unsafe head.rawPath.count > 0, "a target has a path")
  _ = head.range(ifRange: "\"v\"", modified: 0).selection(ofSize: 100)
  _ = head.matchesIfNoneMatch("\"v\"")
  unsafe fuzzTarget(head)
  return 0
}

/// Decodes the target both ways; strict decoding accepts nothing that lenient decoding reads differently.
private func fuzzTarget(_ head: HTTPRequestHead) {
  let strict = unsafe PercentCoding.decode(head.rawPath)
  let lenient = unsafe PercentCoding.decode(head.rawPath, mode: .lenient)
  precondition(strict == nil || strict == lenient, "the two modes agree on good escapes")
  if let query = unsafe head.rawQuery {
    unsafe HTTPQuery.forEach(query) { name, value in
      precondition(name.count + value.count <= query.count, "parts lie inside the query")
      return true
    }
  }
}
