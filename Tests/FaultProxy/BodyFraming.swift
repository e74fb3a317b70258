// Where a body ends.

/// The end of one message's body, found as its bytes pass.
enum BodyFraming {
  /// So many bytes are to come.
  case length(Int)
  /// Chunks, at some point of their syntax.
  case chunked(ChunkScanner)
  /// All until the connection ends.
  case untilClose

  /// The framing of what follows `head`; `isEmpty` when a rule says that nothing follows.
  init(_ head: MessageHead, isRequest: Bool, isEmpty: Bool = false) {
    if isEmpty {
      self = .length(0)
    } else if head["transfer-encoding"]?.lowercased() == "chunked" {
      self = .chunked(ChunkScanner())
    } else if let length = head["content-length"].flatMap({ Int($0) }) {
      self = .length(max(0, length))
    } else {
      self = isRequest ? .length(0) : .untilClose
    }
  }

  /// Whether the body has ended.
  var isComplete: Bool {
    switch self {
    case .length(let rest): rest == 0
    case .chunked(let scanner): scanner.isComplete
    case .untilClose: false
    }
  }

  /// How many of `bytes`, which come next, belong to the body.
  mutating func take(_ bytes: some Collection<UInt8>) -> Int {
    switch self {
    case .length(let rest):
      let count = min(rest, bytes.count)
      self = .length(rest - count)
      return count
    case .chunked(var scanner):
      let count = scanner.take(bytes)
      self = .chunked(scanner)
      return count
    case .untilClose: return bytes.count
    }
  }
}

/// Reads the syntax of chunks without keeping them.
struct ChunkScanner {
  private enum State {
    /// In the line with the size so far, and whether its digits have ended.
    case size(Int, isOver: Bool)
    /// In a chunk, or its line end, of which so much is to come.
    case data(Int)
    /// In a line after the last chunk that has so many bytes so far.
    case trailer(Int)
    case end
  }

  private var state = State.size(0, isOver: false)

  /// Whether the last chunk and its trailers have passed.
  var isComplete: Bool { if case .end = state { true } else { false } }

  /// How many of `bytes` belong to the body.
  mutating func take(_ bytes: some Collection<UInt8>) -> Int {
    var rest = bytes[...]
    while !isComplete, let byte = rest.first {
      if case .data(let left) = state {
        let count = min(left, rest.count)
        rest = rest.dropFirst(count)
        state = left == count ? .size(0, isOver: false) : .data(left - count)
        continue
      }
      rest = rest.dropFirst()
      step(byte)
    }
    return bytes.count - rest.count
  }

  private mutating func step(_ byte: UInt8) {
    switch state {
    case .size(let size, let isOver):
      if byte == 10 {
        state = size == 0 ? .trailer(0) : .data(size + 2)
      } else if !isOver, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, size < 1 << 40 {
        state = .size(size << 4 | digit, isOver: false)
      } else {
        state = .size(size, isOver: true)
      }
    case .trailer(let length):
      if byte == 10 {
        state = length == 0 ? .end : .trailer(0)
      } else if byte != 13 {
        state = .trailer(length + 1)
      }
    case .data, .end: break
    }
  }
}
