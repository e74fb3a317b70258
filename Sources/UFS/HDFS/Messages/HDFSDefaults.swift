// How a cluster likes new files.

/// The server's defaults.
struct HDFSDefaults: Sendable {
  /// Bytes of a block.
  var blockSize: Int64 = 128 << 20
  /// Bytes under one checksum.
  var chunkSize = 512
  /// Bytes of a packet.
  var packetSize = 65536
  /// Copies of each block.
  var replication: UInt32 = 3
  /// Whether data nodes encrypt what they send.
  var isEncrypted = false
  /// The kind of checksum.
  var checksum = HDFSChecksum.Kind.crc32c

  /// Defaults of nobody.
  init() {}

  /// Reads a message.
  init(_ message: ProtobufReader) throws(HDFSWireError) {
    var message = message
    while let field = try message.next() {
      switch field.number {
      case 1: blockSize = try message.size(field)
      case 2: chunkSize = Int(try message.number32(field))
      case 3: packetSize = Int(try message.number32(field))
      case 4: replication = try message.number32(field)
      case 6: isEncrypted = try message.flag(field)
      case 8:
        guard let kind = HDFSChecksum.Kind(rawValue: try message.number(field)) else {
          throw .checksumKind
        }
        checksum = kind
      default: try message.skip(field)
      }
    }
    guard blockSize > 0, (1...HDFSChecksum.chunkSizeMax).contains(chunkSize), packetSize > 0 else {
      throw .length
    }
  }
}
