// A chunked body decoded in pieces.

import HTTPWire

/// What a decoder made of some bytes.
struct ChunkedRun: Equatable {
  var body: [UInt8] = []
  var rest: [UInt8]?
  var rejection: HTTPRejection?

  /// Decodes `bytes` cut at `stops`, taking at most `dataMax` of data at once.
  init(_ bytes: [UInt8], stops: [Int] = [], dataMax: Int = .max) {
    var decoder = HTTPChunkedDecoder()
    var start = 0
    for stop in stops + [bytes.count] {
      guard rejection == nil, rest == nil else { return }
      unsafe Array(bytes[start..<stop]).withUnsafeBytes { piece in
        unsafe decode(piece, with: &decoder, dataMax: dataMax)
      }
      if rest != nil { rest?.append(contentsOf: bytes[stop...]) }
      start = stop
    }
  }

  /// Decodes `text` at once.
  init(_ text: String) { self.init(Array(text.utf8)) }

  private mutating func decode(
    _ piece: UnsafeRawBufferPointer, with decoder: inout HTTPChunkedDecoder, dataMax: Int
  ) {
    var piece = unsafe piece
    while true {
      switch unsafe decoder.next(piece, dataMax: dataMax) {
      case .incomplete: return
      case .data(let offset, let count):
        unsafe body.append(contentsOf: piece[offset..<(offset + count)])
        unsafe piece = UnsafeRawBufferPointer(rebasing: piece[(offset + count)...])
      case .end(let consumed):
        rest = unsafe Array(piece[consumed...])
        return
      case .rejected(let why):
        rejection = why
        return
      }
    }
  }
}
