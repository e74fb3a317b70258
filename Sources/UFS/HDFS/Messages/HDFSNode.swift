// A data node as the name node describes it.

/// A data node.
struct HDFSNode: Sendable, Hashable {
  /// Its numeric address.
  let address: String
  /// Its name.
  let host: String
  /// What identifies it.
  let id: String
  /// The port for data.
  let port: UInt16
  /// The whole message, to be handed on as it is.
  let message: [UInt8]

  /// Reads a message.
  init(_ message: ProtobufReader) throws(HDFSWireError) {
    self.message = message.rest
    var message = message
    var (address, host, id): (String?, String?, String?) = (nil, nil, nil)
    var port: UInt16?
    while let field = try message.next() {
      guard field.number == 1 else {
        try message.skip(field)
        continue
      }
      var inner = try message.nested(field)
      while let field = try inner.next() {
        switch field.number {
        case 1: address = try inner.text(field)
        case 2: host = try inner.text(field)
        case 3: id = try inner.text(field)
        case 4: port = UInt16(exactly: try inner.number(field))
        default: try inner.skip(field)
        }
      }
    }
    guard let address, let host, let id, let port else { throw .missing("datanode") }
    (self.address, self.host, self.id, self.port) = (address, host, id, port)
  }

  static func == (left: HDFSNode, right: HDFSNode) -> Bool { isSameText(left.id, right.id) }

  func hash(into hasher: inout Hasher) { for byte in id.utf8 { hasher.combine(byte) } }
}
