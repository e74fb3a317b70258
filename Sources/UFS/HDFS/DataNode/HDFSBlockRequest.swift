// Requests to a data node.
//
//   version(2) = 28 · operation(1) · message(delimited)

/// Writes requests.
enum HDFSBlockRequest {
  private static let version: [UInt8] = [0, 28]
  private static let writeBlock: UInt8 = 80
  private static let readBlock: UInt8 = 81

  /// Asks for `range` of a block.
  static func read(
    _ block: HDFSBlock, token: [UInt8], client: String, range: Range<Int64>
  ) -> [UInt8] {
    let message = ProtobufWriter {
      $0.nested(1) { header(&$0, block, token, client) }
      $0.number(2, UInt64(clamping: range.lowerBound))
      $0.number(3, UInt64(clamping: range.upperBound - range.lowerBound))
      $0.flag(4, true)
    }
    return request(readBlock, message)
  }

  /// Opens a pipeline for a new block through `located`'s nodes, the first of which is told.
  static func write(
    _ located: HDFSLocatedBlock, client: String, checksum: HDFSChecksum
  ) -> [UInt8] {
    let message = ProtobufWriter { message in
      message.nested(1) { header(&$0, located.block, located.token, client) }
      for node in located.nodes.dropFirst() { message.array(2, node.message) }
      // A pipeline for a new block.
      message.number(4, 6)
      message.number(5, UInt64(located.nodes.count))
      message.number(6, 0)
      message.number(7, 0)
      message.number(8, located.block.generation)
      message.nested(9) { checksum.write(&$0) }
      message.number(11, located.storageKinds.first ?? 1)
      for kind in located.storageKinds.dropFirst() { message.number(12, kind) }
    }
    return request(writeBlock, message)
  }

  /// The client's last word on a read whose sums were right.
  static func readStatus() -> [UInt8] {
    var message = ProtobufWriter()
    message.delimited { $0.number(1, HDFSBlockAnswer.Status.checksumRight.rawValue) }
    return message.bytes
  }

  private static func request(_ operation: UInt8, _ message: ProtobufWriter) -> [UInt8] {
    var request = ProtobufWriter()
    version.forEach { request.byte($0) }
    request.byte(operation)
    request.delimited(message.bytes)
    return request.bytes
  }

  private static func header(
    _ message: inout ProtobufWriter, _ block: HDFSBlock, _ token: [UInt8], _ client: String
  ) {
    message.nested(1) { base in
      base.nested(1) { block.write(&$0) }
      if !token.isEmpty { base.array(2, token) }
    }
    message.text(2, client)
  }
}
