// What a file's bytes are made of.

/// The blocks of a file.
struct HDFSLocatedBlocks: Sendable {
  /// Bytes of the complete blocks and of what is known of the last one.
  var length: Int64 = 0
  /// The blocks asked for, in order.
  var blocks: [HDFSLocatedBlock] = []
  /// Whether somebody has it open for writing.
  var isUnderConstruction = false
  /// Whether the bytes are encrypted, or spread over nodes by a code.
  var isEncrypted = false
  var isErasureCoded = false

  /// Reads a message.
  init(_ message: ProtobufReader) throws(HDFSWireError) {
    var message = message
    var length: Int64?
    while let field = try message.next() {
      switch field.number {
      case 1: length = try message.size(field)
      case 2: blocks.append(try HDFSLocatedBlock(try message.nested(field)))
      case 3: isUnderConstruction = try message.flag(field)
      case 6:
        isEncrypted = true
        try message.skip(field)
      case 7:
        isErasureCoded = true
        try message.skip(field)
      default: try message.skip(field)
      }
    }
    guard let length else { throw .missing("fileLength") }
    self.length = length
  }

  /// Whether the blocks follow one another from 0 to `length` without gaps.
  var isWhole: Bool {
    var next: Int64 = 0
    for block in blocks {
      guard block.offset == next, block.block.length >= 0 else { return false }
      next = block.end
    }
    return next >= length
  }
}
