// The checksums of blocks: one number for every chunk of some hundred bytes.

/// How the bytes of a block are summed.
struct HDFSChecksum: Sendable, Hashable {
  /// The kind of sum.
  enum Kind: UInt64, Sendable {
    case none = 0
    case crc32
    case crc32c
  }

  /// The longest chunk taken.
  static let chunkSizeMax = 1 << 20

  /// The kind of sum.
  let kind: Kind
  /// Bytes under one sum.
  let chunkSize: Int

  /// Bytes of one sum.
  var sumSize: Int { kind == .none ? 0 : 4 }

  /// Bytes of the sums of `count` bytes.
  func sumsLength(of count: Int) -> Int { (count + chunkSize - 1) / chunkSize * sumSize }

  /// A checksum of its parts.
  init(kind: Kind, chunkSize: Int) {
    self.kind = kind
    self.chunkSize = chunkSize
  }

  /// Reads a message.
  init(_ message: ProtobufReader) throws(HDFSWireError) {
    var message = message
    var (kind, chunkSize): (Kind?, Int?) = (nil, nil)
    while let field = try message.next() {
      switch field.number {
      case 1: kind = Kind(rawValue: try message.number(field))
      case 2: chunkSize = Int(try message.number32(field))
      default: try message.skip(field)
      }
    }
    guard let kind, let chunkSize, (1...Self.chunkSizeMax).contains(chunkSize) else {
      throw .checksumKind
    }
    (self.kind, self.chunkSize) = (kind, chunkSize)
  }

  /// Writes a message.
  func write(_ message: inout ProtobufWriter) {
    message.number(1, kind.rawValue)
    message.number(2, UInt64(chunkSize))
  }
}
