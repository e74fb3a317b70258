// What a data node says to a request for a block, and how requests look.

/// The answer to a request.
struct HDFSBlockAnswer: Hashable, Sendable {
  /// The statuses that mean something here.
  enum Status: UInt64 {
    case success = 0
    case tokenRefused = 5
    case checksumRight = 6
  }

  /// 0 for success.
  var status: UInt64
  /// The first node of a pipeline that could not be reached, by its address; empty for none.
  var firstBadNode = ""
  /// How the data is summed, for reads.
  var checksum: HDFSChecksum?
  /// Offset in the block where the first packet begins, for reads.
  var start: Int64 = 0
  /// What went wrong, for people.
  var message = ""

  /// Reads a message.
  init(_ message: ProtobufReader) throws(HDFSWireError) {
    var reader = message
    var status: UInt64?
    while let field = try reader.next() {
      switch field.number {
      case 1: status = try reader.number(field)
      case 2: firstBadNode = try reader.message(lossy: field)
      case 4: (checksum, start) = try Self.sums(try reader.nested(field))
      case 5: self.message = try reader.message(lossy: field)
      default: try reader.skip(field)
      }
    }
    guard let status else { throw .missing("status") }
    self.status = status
  }

  private static func sums(
    _ message: ProtobufReader
  ) throws(HDFSWireError) -> (HDFSChecksum, Int64) {
    var message = message
    var (checksum, start): (HDFSChecksum?, Int64?) = (nil, nil)
    while let field = try message.next() {
      switch field.number {
      case 1: checksum = try HDFSChecksum(try message.nested(field))
      case 2: start = try message.size(field)
      default: try message.skip(field)
      }
    }
    guard let checksum, let start else { throw .missing("checksum") }
    return (checksum, start)
  }
}
