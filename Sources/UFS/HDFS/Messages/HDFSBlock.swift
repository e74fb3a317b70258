// A block's name in its cluster.

/// One block of a file, at one generation of its bytes.
struct HDFSBlock: Sendable, Hashable, CustomStringConvertible {
  /// The name node's pool of blocks.
  var pool = ""
  /// The number in the pool.
  var id: UInt64 = 0
  /// Grows with every pipeline that may have changed the bytes.
  var generation: UInt64 = 0
  /// Bytes, as far as its owner knows.
  var length: Int64 = 0

  var description: String { "\(pool):blk_\(id)_\(generation)" }

  /// Whether it is the same block at the same generation.
  func isSame(as other: HDFSBlock) -> Bool {
    id == other.id && generation == other.generation && isSameText(pool, other.pool)
  }
}

extension HDFSBlock {
  /// Reads a message.
  init(_ message: ProtobufReader) throws(HDFSWireError) {
    var message = message
    var (pool, id, generation): (String?, UInt64?, UInt64?) = (nil, nil, nil)
    while let field = try message.next() {
      switch field.number {
      case 1: pool = try message.text(field)
      case 2: id = try message.number(field)
      case 3: generation = try message.number(field)
      case 4: length = try message.size(field)
      default: try message.skip(field)
      }
    }
    guard let pool, let id, let generation else { throw .missing("block") }
    (self.pool, self.id, self.generation) = (pool, id, generation)
  }

  /// Writes a message.
  func write(_ message: inout ProtobufWriter) {
    message.text(1, pool)
    message.number(2, id)
    message.number(3, generation)
    message.number(4, UInt64(clamping: length))
  }
}
