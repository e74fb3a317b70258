// An answer of a name node: to which call, and what.

/// One answer.
struct HDFSAnswer {
  /// What it says.
  enum Outcome {
    /// The response message.
    case response(ProtobufReader)
    /// A Java exception.
    case exception(HDFSException)
  }

  /// The call's number; those of failed connections are negative.
  let call: UInt32
  /// What it says.
  let outcome: Outcome
  /// Whether the name node ends the connection.
  let isFatal: Bool

  /// Reads the frame in `bytes`, without its length.
  init(_ bytes: [UInt8], from position: Int = 0) throws(HDFSWireError) {
    var frame = ProtobufReader(bytes, from: position)
    var header = try frame.delimited()
    var (call, status): (UInt32?, UInt64?) = (nil, nil)
    var exception = HDFSException(name: "", message: "")
    while let field = try header.next() {
      switch field.number {
      case 1: call = try header.number32(field)
      case 2: status = try header.number(field)
      case 4: exception.name = try header.message(lossy: field)
      case 5: exception.message = try header.message(lossy: field)
      default: try header.skip(field)
      }
    }
    guard let call else { throw .missing("callId") }
    guard let status else { throw .missing("status") }
    self.call = call
    isFatal = status > 1
    outcome = status == 0 ? .response(try frame.delimited()) : .exception(exception)
  }
}
