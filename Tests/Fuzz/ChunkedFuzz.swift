// Fuzzes the chunked decoder: no input traps, and any split gives the same bytes and the same verdict.

/// What a decoder made of some bytes.
private struct Run: Equatable {
  var body: [UInt8] = []
  var consumed: Int?
  var rejection: HTTPRejection?

  init(_ input: UnsafeRawBufferPointer, cut: Int, dataMax: Int) {
    var decoder = HTTPChunkedDecoder()
    unsafe feed(input, 0, cut, &decoder, dataMax)
    unsafe feed(input, cut, input.count, &decoder, dataMax)
  }

  private mutating func feed(
    _ input: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ decoder: inout HTTPChunkedDecoder,
    _ dataMax: Int
  ) {
    var start = start
    while consumed == nil, rejection == nil {
      let piece = unsafe UnsafeRawBufferPointer(rebasing: input[start..<end])
      switch unsafe decoder.next(piece, dataMax: dataMax) {
      case .incomplete: return
      case .data(let offset, let count):
        precondition(count > 0 && count <= dataMax, "data is within its limit")
        precondition(offset + count <= piece.count, "data is inside")
        unsafe body.append(contentsOf: piece[offset..<(offset + count)])
        start += offset + count
      case .end(let count):
        precondition(count <= piece.count, "the end is inside")
        consumed = start + count
      case .rejected(let why): rejection = why
      }
    }
  }
}

/// Called by libFuzzer for each input: a place to cut, a data limit, then the body.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzChunked(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let input = unsafe UnsafeRawBufferPointer(start: data, count: size)
  guard size >= 2 else { return 0 }
  let body = unsafe UnsafeRawBufferPointer(rebasing: input[2...])
  let whole = unsafe Run(body, cut: 0, dataMax: .max)
  let cut = Int(unsafe input[0]) % (body.count + 1)
  let split = unsafe Run(body, cut: cut, dataMax: 1 + Int(unsafe input[1]))
  precondition(split == whole, "a split changed the body")
  return 0
}
