// What every frame opens with.
//
//   0        4      6      8                16
//   | length | type | zero | request         | payload: length bytes …
//
// Little-endian. The request is chosen by the client; a reply repeats it, a push has 0.

/// The head of one frame.
package struct FrameHead: Sendable, Equatable {
  /// Bytes of a head.
  package static let size = 16

  /// Bytes of the payload that follows.
  package let length: Int
  /// The frame's type, which belongs to the direction it came from.
  package let type: UInt16
  /// What is asked or answered; 0 in pushes.
  package let request: UInt64

  /// A head of its parts.
  package init(length: Int, type: UInt16, request: UInt64) {
    precondition(length >= 0 && length <= Int(UInt32.max), "a payload's length has four bytes")
    self.length = length
    self.type = type
    self.request = request
  }

  /// Bytes of the whole frame.
  package var frameSize: Int { FrameHead.size + length }

  /// The head at the start of `bytes`, which a client sent; nil while there are fewer than 16.
  ///
  /// - Throws: What makes it no head of a client's frame, before a byte of the payload is waited for.
  package static func fromClient(
    _ bytes: UnsafeRawBufferPointer
  ) throws(LocalWireError) -> FrameHead? {
    guard let head = try unsafe read(bytes) else { return nil }
    guard ClientFrame.Kind(rawValue: head.type) != nil else {
      throw LocalWireError(.unknownType, "type")
    }
    guard head.length <= ClientFrame.payloadMax else { throw LocalWireError(.tooLong, "length") }
    guard head.request != 0 else { throw LocalWireError(.value, "request") }
    return head
  }

  /// The head at the start of `bytes`, which a worker sent; nil while there are fewer than 16.
  ///
  /// - Throws: As `fromClient`.
  package static func fromWorker(
    _ bytes: UnsafeRawBufferPointer
  ) throws(LocalWireError) -> FrameHead? {
    guard let head = try unsafe read(bytes) else { return nil }
    guard let kind = WorkerFrame.Kind(rawValue: head.type) else {
      throw LocalWireError(.unknownType, "type")
    }
    guard head.length <= WorkerFrame.payloadMax else { throw LocalWireError(.tooLong, "length") }
    // An ERROR may belong to no request; everything else is either a reply or a push.
    guard kind == .error || kind.isPush == (head.request == 0) else {
      throw LocalWireError(.value, "request")
    }
    return head
  }

  private static func read(
    _ bytes: UnsafeRawBufferPointer
  ) throws(LocalWireError) -> FrameHead? {
    guard bytes.count >= FrameHead.size else { return nil }
    var reader = unsafe FrameReader(bytes)
    let length = try reader.word32("length")
    let type = try reader.word16("type")
    try reader.zero16("reserved")
    let request = try reader.word64("request")
    return FrameHead(length: Int(length), type: type, request: request)
  }
}
