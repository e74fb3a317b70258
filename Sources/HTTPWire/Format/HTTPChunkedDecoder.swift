// Chunked bodies (RFC 9112 §7.1): a state machine that finds the data in whatever pieces the bytes arrive.
//
//   1a;ext=1\r\n  <26 bytes>  \r\n  0\r\n  Trailer: x\r\n  \r\n
//   size          data        dataEnd      trailer         end
//
// Extensions and trailers are checked and dropped. Nothing is copied: the caller is told where the data lies.

/// Incremental decoder of one chunked body.
package struct HTTPChunkedDecoder {
  /// What the next bytes are.
  package enum Event: Sendable, Hashable {
    /// All input was consumed and more is needed.
    case incomplete
    /// `count` > 0 bytes of the body lie at `offset` of the input; all before them and they themselves are consumed.
    case data(offset: Int, count: Int)
    /// The body ended after `consumed` bytes of the input; what follows is not part of it.
    case end(consumed: Int)
    /// The bytes break a rule.
    case rejected(HTTPRejection)
  }

  private enum State {
    case sizeStart, size, blank, extensions, sizeLineFeed
    case data, dataReturn, dataLineFeed
    case trailerStart, trailerName, trailerValue, trailerLineFeed, endLineFeed
    case ended
  }

  /// Most bytes of size digits and extensions in a whole body, beyond 18 for each chunk with data.
  static let overheadMax = 16 << 10
  /// Most bytes of trailer lines.
  static let trailerSizeMax = 8 << 10

  private var state = State.sizeStart
  /// Bytes of the current chunk that have not arrived; while its size is read, the number so far.
  private var remaining: Int64 = 0
  private var overhead = 0
  private var trailerSize = 0

  /// A decoder before the first byte of a body.
  package init() {}

  /// Bytes of data that follow immediately and need no decoding; 0 outside a chunk's data.
  package var pendingData: Int64 { state == .data ? remaining : 0 }

  /// Whether the body has ended.
  package var isEnded: Bool { state == .ended }

  /// Notes that `count` bytes of `pendingData` were received without the decoder.
  package mutating func skipData(_ count: Int) {
    precondition(state == .data, "data is skipped inside a chunk")
    precondition(count >= 0 && Int64(count) <= remaining, "skipped data lies inside the chunk")
    remaining -= Int64(count)
    if remaining == 0 { state = .dataReturn }
  }

  /// Looks at `input`, the bytes after those consumed so far, and says what they are; at most `dataMax` of data at once.
  package mutating func next(_ input: UnsafeRawBufferPointer, dataMax: Int = .max) -> Event {
    precondition(dataMax > 0, "data may be returned")
    var offset = 0
    do throws(HTTPRejection) {
      while state != .ended {
        guard offset < input.count else { return .incomplete }
        if state == .data {
          let count = Int(min(remaining, Int64(min(input.count - offset, dataMax))))
          skipData(count)
          return .data(offset: offset, count: count)
        }
        try unsafe step(input[offset])
        offset += 1
      }
      return .end(consumed: offset)
    } catch {
      return .rejected(error)
    }
  }

  /// Consumes one byte that is not data.
  @inline(__always)
  private mutating func step(_ byte: UInt8) throws(HTTPRejection) {
    switch state {
    case .sizeStart, .size, .blank, .extensions, .sizeLineFeed: try stepSize(byte)
    case .dataReturn:
      guard byte == ASCII.carriageReturn else { throw .malformedChunkEnd }
      state = .dataLineFeed
    case .dataLineFeed:
      guard byte == ASCII.lineFeed else { throw .malformedChunkEnd }
      state = .sizeStart
    default: try stepTrailer(byte)
    }
  }

  /// Consumes one byte of a size line.
  private mutating func stepSize(_ byte: UInt8) throws(HTTPRejection) {
    overhead += 1
    guard overhead <= Self.overheadMax else { throw .chunkExtensionTooLarge }
    switch state {
    case .sizeStart:
      guard let digit = ASCII.hexadecimalDigit(byte) else { throw .malformedChunkSize }
      remaining = Int64(digit)
      state = .size
    case .size:
      if let digit = ASCII.hexadecimalDigit(byte) {
        guard remaining <= Int64.max >> 4 else { throw .chunkTooLarge }
        remaining = remaining << 4 | Int64(digit)
      } else {
        try leaveSize(byte)
      }
    case .blank where byte == ASCII.space || byte == ASCII.tab: break
    case .blank:
      guard byte == UInt8(ascii: ";") else { throw .malformedChunkSize }
      state = .extensions
    case .extensions:
      if byte == ASCII.carriageReturn {
        state = .sizeLineFeed
      } else if (byte < ASCII.space && byte != ASCII.tab) || byte == 0x7F {
        throw .malformedChunkSize
      }
    default:
      guard byte == ASCII.lineFeed else { throw .malformedChunkSize }
      // An honest chunk pays for its own size line.
      if remaining > 0 { overhead = max(0, overhead - 18) }
      state = remaining > 0 ? .data : .trailerStart
    }
  }

  /// Consumes the first byte behind the digits of a size.
  private mutating func leaveSize(_ byte: UInt8) throws(HTTPRejection) {
    switch byte {
    case ASCII.carriageReturn: state = .sizeLineFeed
    case UInt8(ascii: ";"): state = .extensions
    case ASCII.space, ASCII.tab: state = .blank
    default: throw .malformedChunkSize
    }
  }

  /// Consumes one byte of the trailer.
  private mutating func stepTrailer(_ byte: UInt8) throws(HTTPRejection) {
    trailerSize += 1
    guard trailerSize <= Self.trailerSizeMax else { throw .trailerTooLarge }
    switch state {
    case .trailerStart:
      if byte == ASCII.carriageReturn {
        state = .endLineFeed
      } else {
        guard ASCII.isToken(byte) else { throw .malformedTrailer }
        state = .trailerName
      }
    case .trailerName:
      if byte == UInt8(ascii: ":") {
        state = .trailerValue
      } else if !ASCII.isToken(byte) {
        throw .malformedTrailer
      }
    case .trailerValue:
      if byte == ASCII.carriageReturn {
        state = .trailerLineFeed
      } else if (byte < ASCII.space && byte != ASCII.tab) || byte == 0x7F {
        throw .malformedTrailer
      }
    default:
      guard byte == ASCII.lineFeed else { throw .malformedTrailer }
      state = state == .endLineFeed ? .ended : .trailerStart
    }
  }
}
