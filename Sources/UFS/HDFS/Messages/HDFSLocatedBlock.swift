// A block, its place in a file, and the data nodes that have it.

/// A block with its locations.
struct HDFSLocatedBlock: Sendable {
  /// The block; its length is the file's part in it.
  var block = HDFSBlock()
  /// Offset of its first byte in the file.
  var offset: Int64 = 0
  /// Who has it, nearest first.
  var nodes: [HDFSNode] = []
  /// Whether no good replica is left.
  var isCorrupt = false
  /// What data nodes ask for where block tokens are on: a message, handed on as it is.
  var token: [UInt8] = []
  /// Kinds of storage of `nodes`, in the same order.
  var storageKinds: [UInt64] = []
  /// Storages of `nodes`, in the same order.
  var storageIDs: [String] = []

  /// Offset after its last byte; saturates.
  var end: Int64 {
    let (sum, overflow) = offset.addingReportingOverflow(block.length)
    return overflow ? .max : sum
  }

  /// Reads a message.
  init(_ message: ProtobufReader) throws(HDFSWireError) {
    var message = message
    var block: HDFSBlock?
    while let field = try message.next() {
      switch field.number {
      case 1: block = try HDFSBlock(try message.nested(field))
      case 2: offset = try message.size(field)
      case 3: nodes.append(try HDFSNode(try message.nested(field)))
      case 4: isCorrupt = try message.flag(field)
      case 5: token = try message.array(field)
      case 7: try message.numbers(field, into: &storageKinds)
      case 8: storageIDs.append(try message.text(field))
      default: try message.skip(field)
      }
    }
    guard let block else { throw .missing("b") }
    self.block = block
  }
}
