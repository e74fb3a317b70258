// A pipeline's word on one packet.

/// What the data nodes of a pipeline say of a packet.
struct HDFSPipelineAck: Hashable, Sendable {
  /// The packet's number.
  var number: Int64
  /// One status per data node, 0 for success.
  var statuses: [UInt64] = []

  /// The first data node that failed.
  var firstFailure: Int? { statuses.firstIndex { $0 != 0 } }

  /// Reads a message.
  init(_ message: ProtobufReader) throws(HDFSWireError) {
    var message = message
    var number: Int64?
    while let field = try message.next() {
      switch field.number {
      case 1: number = try message.zigzag(field)
      case 2: try message.numbers(field, into: &statuses)
      default: try message.skip(field)
      }
    }
    guard let number else { throw .missing("seqno") }
    self.number = number
  }
}
