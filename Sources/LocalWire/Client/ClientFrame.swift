// What a client says.

/// One frame of a client.
package enum ClientFrame: Sendable, Equatable {
  /// Most bytes of a payload.
  package static let payloadMax = 65_536

  /// The types of a client's frames.
  package enum Kind: UInt16, Sendable, CaseIterable {
    case hello = 1
    case open, close, lease, release, renew, read, cancel, ping

    /// Whether the worker answers it.
    package var isAnswered: Bool { self != .close && self != .release && self != .cancel }
  }

  case hello(HelloFrame)
  case open(OpenFrame)
  /// Gives a handle back.
  case close(handle: UInt32)
  case lease(LeaseFrame)
  /// Gives leases back.
  case release([LeaseMark])
  /// Asks for another term for leases; for all when there are none.
  case renew([LeaseMark])
  case read(ReadFrame)
  /// Wants a request no more.
  case cancel(request: UInt64)
  case ping

  /// The frame with `head` whose whole payload is `payload`.
  ///
  /// - Throws: What is wrong with it.
  package init(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) throws(LocalWireError) {
    guard let kind = Kind(rawValue: head.type) else { throw LocalWireError(.unknownType, "type") }
    var reader = unsafe FrameReader(payload)
    switch kind {
    case .hello: self = .hello(try HelloFrame(&reader))
    case .open: self = .open(try OpenFrame(&reader))
    case .close: self = .close(handle: try reader.word32("handle"))
    case .lease: self = .lease(try LeaseFrame(&reader))
    case .release: self = .release(try Self.marks(&reader))
    case .renew: self = .renew(try Self.marks(&reader))
    case .read: self = .read(try ReadFrame(&reader))
    case .cancel: self = .cancel(request: try reader.word64("request"))
    case .ping: self = .ping
    }
    try reader.end()
  }

  private static func marks(_ reader: inout FrameReader) throws(LocalWireError) -> [LeaseMark] {
    try reader.marks(try reader.count("number", max: (payloadMax - 4) / LeaseMark.size))
  }

  /// Its type.
  package var kind: Kind {
    switch self {
    case .hello: .hello
    case .open: .open
    case .close: .close
    case .lease: .lease
    case .release: .release
    case .renew: .renew
    case .read: .read
    case .cancel: .cancel
    case .ping: .ping
    }
  }

  /// Adds the frame to `writer` as `request`.
  package func write(_ request: UInt64, to writer: inout FrameWriter) {
    writer.frame(kind.rawValue, request: request) { writer in
      switch self {
      case .hello(let frame): frame.write(to: &writer)
      case .open(let frame): frame.write(to: &writer)
      case .close(let handle): writer.word32(handle)
      case .lease(let frame): frame.write(to: &writer)
      case .release(let marks), .renew(let marks):
        writer.word32(UInt32(clamping: marks.count))
        writer.marks(marks)
      case .read(let frame): frame.write(to: &writer)
      case .cancel(let request): writer.word64(request)
      case .ping: break
      }
    }
  }
}
