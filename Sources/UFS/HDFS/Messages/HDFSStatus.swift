// What a name node says of one path.

/// A file, directory or link of a name node.
struct HDFSStatus: Sendable {
  /// What it is.
  enum Kind: UInt64 { case directory = 1, file, link }

  /// What it is.
  var kind = Kind.file
  /// Its name in a listing, its bytes as they are; empty for the path that was asked for.
  var name: [UInt8] = []
  /// Bytes.
  var length: Int64 = 0
  /// Permission bits.
  var mode: UInt16 = 0
  /// Who owns it.
  var owner = ""
  var group = ""
  /// Milliseconds since the epoch.
  var modificationTime: Int64 = 0
  var accessTime: Int64 = 0
  /// Copies of each block.
  var replication: UInt32 = 0
  /// Bytes of a full block.
  var blockSize: Int64 = 0
  /// The inode's number, never used again; 0 when the name node has none.
  var fileID: UInt64 = 0
  /// Entries of a directory; nil when unknown.
  var childCount: Int?

  /// Reads a message.
  init(_ message: ProtobufReader) throws(HDFSWireError) {
    var message = message
    var kind: Kind?
    while let field = try message.next() {
      switch field.number {
      case 1: kind = Kind(rawValue: try message.number(field))
      case 2: name = try message.array(field)
      case 3: length = try message.size(field)
      case 4: mode = try Self.permission(try message.nested(field))
      case 5: owner = try message.message(lossy: field)
      case 6: group = try message.message(lossy: field)
      case 7: modificationTime = try message.size(field)
      case 8: accessTime = try message.size(field)
      case 10: replication = try message.number32(field)
      case 11: blockSize = try message.size(field)
      case 13: fileID = try message.number(field)
      case 14:
        let count = Int32(bitPattern: try message.number32(field))
        childCount = count >= 0 ? Int(count) : nil
      default: try message.skip(field)
      }
    }
    guard let kind else { throw .missing("fileType") }
    self.kind = kind
  }

  private static func permission(_ message: ProtobufReader) throws(HDFSWireError) -> UInt16 {
    var message = message
    var mode: UInt16 = 0
    while let field = try message.next() {
      if field.number == 1 {
        mode = UInt16(truncatingIfNeeded: try message.number(field)) & 0o7777
      } else {
        try message.skip(field)
      }
    }
    return mode
  }
}
