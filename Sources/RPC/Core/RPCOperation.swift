// What a tag stands for: the low four bits of the tag's address, where an object's address has none.

/// One of the operations that an owner of tags may have in flight, at most one of each.
enum RPCOperation: UInt, CaseIterable {
  /// A whole unary call, or the first words of a stream.
  case open = 0
  /// A message, or the end of all messages, on its way out.
  case send = 1
  /// A message on its way in.
  case receive = 2
  /// The end of the call.
  case end = 3
  /// The last words of a server.
  case finish = 4
  /// A call that arrives, or a server's shutdown.
  case arrival = 5

  /// Bits of a tag that hold the operation.
  static let mask: UInt = 0xf
}
