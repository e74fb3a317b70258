// Protocol buffers as messages of calls.

package import RPC
import SwiftProtobuf

extension RPCCodec where Message: ProtobufMessage {
  /// Reads and writes the binary form; unknown fields are kept.
  package static var protobuf: RPCCodec {
    RPCCodec(
      encode: { message throws(RPCError) in
        do {
          return try message.serializedBytes()
        } catch {
          throw RPCError(.internal, "\(Message.protoMessageName): \(error)")
        }
      },
      decode: { bytes throws(RPCError) in
        do {
          return try Message(serializedBytes: bytes)
        } catch {
          throw RPCError(.internal, "no \(Message.protoMessageName): \(error)")
        }
      })
  }
}

extension RPCMethod where Request: ProtobufMessage, Response: ProtobufMessage {
  /// A method whose messages are protocol buffers.
  package init(_ path: String, isIdempotent: Bool = false) {
    self.init(path, isIdempotent: isIdempotent, request: .protobuf, response: .protobuf)
  }
}
