// Frames of Hadoop RPC, version 9.
//
//   connect   "hrpc" 9 class auth ─ frame(call -3: connection context) ─▶
//   call      length(4) · header(delimited) · method(delimited) · request(delimited)   ─▶
//   answer    length(4) · header(delimited) · response(delimited, on success)          ◀─
//   ping      a header alone, call -4; nobody answers

/// Writes calls and finds answers in a stream of bytes.
enum HDFSFrame {
  /// The longest answer taken; a listing of 1000 located entries is a few MiB.
  static let lengthMax = 64 << 20

  /// Numbers of calls that are none, as they look unsigned.
  private static let contextCall = Int32(-3)
  private static let pingCall = Int32(-4)

  /// The protocol whose methods are called.
  private static let protocolName = "org.apache.hadoop.hdfs.protocol.ClientProtocol"

  /// What opens a connection of `user`: no authentication but the name.
  static func opening(user: String, client: [UInt8]) -> [UInt8] {
    var frame = ProtobufWriter()
    for byte in "hrpc".utf8 { frame.byte(byte) }
    frame.byte(9)
    frame.byte(0)
    frame.byte(0)
    let context = ProtobufWriter { context in
      context.nested(2) { $0.text(1, user) }
      context.text(3, protocolName)
    }
    return frame.bytes
      + framed { body in
        header(&body, call: contextCall, client: client, retry: -1)
        body.delimited(context.bytes)
      }
  }

  /// A call of `method` with a written `request`.
  static func call(
    _ call: UInt32, method: StaticString, request: [UInt8], client: [UInt8], retry: Int32
  ) -> [UInt8] {
    framed { body in
      header(&body, call: Int32(bitPattern: call), client: client, retry: retry)
      body.delimited {
        $0.text(1, method.description)
        $0.text(2, protocolName)
        $0.number(3, 1)
      }
      body.delimited(request)
    }
  }

  /// A sign of life.
  static func ping(client: [UInt8]) -> [UInt8] {
    framed { header(&$0, call: pingCall, client: client, retry: -1) }
  }

  /// The length of the frame that `bytes` begin with, its own four bytes included; nil while that is not known.
  ///
  /// - Throws: `.length` for one that is empty or too long.
  static func length(_ bytes: ArraySlice<UInt8>) throws(HDFSWireError) -> Int? {
    guard bytes.count >= 4 else { return nil }
    let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    guard (1...lengthMax).contains(length) else { throw .length }
    return length + 4
  }

  private static func framed(_ body: (inout ProtobufWriter) -> Void) -> [UInt8] {
    let inner = ProtobufWriter(body).bytes
    var frame = ProtobufWriter()
    frame.bigEndian(UInt32(truncatingIfNeeded: inner.count))
    return frame.bytes + inner
  }

  private static func header(
    _ body: inout ProtobufWriter, call: Int32, client: [UInt8], retry: Int32
  ) {
    body.delimited {
      // Protocol Buffers, a final packet.
      $0.number(1, 2)
      $0.number(2, 0)
      $0.zigzag(3, Int64(call))
      $0.array(4, client)
      $0.zigzag(5, Int64(retry))
    }
  }
}
