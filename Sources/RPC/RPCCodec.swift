// How messages become bytes and bytes messages; the transport knows nothing else about them.

/// A way to write and read messages of one type.
package struct RPCCodec<Message: Sendable>: Sendable {
  /// The bytes of a message.
  package let encode: @Sendable (Message) throws(RPCError) -> [UInt8]
  /// The message of bytes, which come from outside; throws for those that make none.
  package let decode: @Sendable ([UInt8]) throws(RPCError) -> Message

  /// A codec of its two halves.
  package init(
    encode: @escaping @Sendable (Message) throws(RPCError) -> [UInt8],
    decode: @escaping @Sendable ([UInt8]) throws(RPCError) -> Message
  ) {
    self.encode = encode
    self.decode = decode
  }
}

extension RPCCodec<[UInt8]> {
  /// Messages that are their bytes.
  package static let bytes = RPCCodec(encode: { $0 }, decode: { $0 })
}
