// What a worker says: answers, and what it tells unasked.

/// One frame of a worker.
package enum WorkerFrame: Sendable, Equatable {
  /// Most bytes of a payload.
  package static let payloadMax = ReadFrame.lengthMax + 64

  /// The types of a worker's frames.
  package enum Kind: UInt16, Sendable, CaseIterable {
    case welcome = 0x81
    case opened = 0x82
    case leased = 0x84
    case renewed = 0x86
    case data = 0x87
    case pong = 0x89
    case region = 0xC0
    case revoked, wanted, invalidated, goAway
    case error = 0xFF

    /// Whether it answers nothing.
    package var isPush: Bool { rawValue & 0xF0 == 0xC0 }
    /// Descriptors that come with it at most.
    package var descriptorCountMax: Int { self == .welcome ? 2 : self == .region ? 1 : 0 }
  }

  case welcome(WelcomeFrame)
  case opened(OpenedFrame)
  /// Pages of a LEASE in the order asked, `left` of which come in frames behind this one.
  case leased([LeasedPage], left: UInt32 = 0)
  /// Leases that the client holds now, and their term in milliseconds.
  case renewed(held: UInt32, term: UInt32)
  case data(DataFrame)
  case pong
  case region(RegionFrame)
  case revoked(RevokedFrame)
  /// Leases whose memory the worker takes when `grace` milliseconds are over.
  case wanted(grace: UInt32, [LeaseMark])
  case invalidated(InvalidatedFrame)
  /// No new requests; the connection ends in `left` milliseconds.
  case goAway(reason: UInt32, left: UInt32)
  case error(ErrorFrame)

  /// The frame with `head` whose whole payload is `payload`.
  ///
  /// - Throws: What is wrong with it.
  package init(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) throws(LocalWireError) {
    guard let kind = Kind(rawValue: head.type) else { throw LocalWireError(.unknownType, "type") }
    var reader = unsafe FrameReader(payload)
    switch kind {
    case .welcome: self = .welcome(try WelcomeFrame(&reader))
    case .opened: self = .opened(try OpenedFrame(&reader))
    case .leased:
      let (pages, left) = try LeasedPage.list(&reader)
      self = .leased(pages, left: left)
    case .renewed:
      self = .renewed(held: try reader.word32("leases"), term: try reader.word32("term"))
    case .data: self = .data(try DataFrame(&reader))
    case .pong: self = .pong
    case .region: self = .region(try RegionFrame(&reader))
    case .revoked: self = .revoked(try RevokedFrame(&reader))
    case .wanted:
      let count = try reader.count("number", max: LeaseMark.countMax)
      self = .wanted(grace: try reader.word32("grace"), try reader.marks(count))
    case .invalidated: self = .invalidated(try InvalidatedFrame(&reader))
    case .goAway:
      self = .goAway(reason: try reader.word32("reason"), left: try reader.word32("left"))
    case .error: self = .error(try ErrorFrame(&reader))
    }
    try reader.end()
  }

  /// Its type.
  package var kind: Kind {
    switch self {
    case .welcome: .welcome
    case .opened: .opened
    case .leased: .leased
    case .renewed: .renewed
    case .data: .data
    case .pong: .pong
    case .region: .region
    case .revoked: .revoked
    case .wanted: .wanted
    case .invalidated: .invalidated
    case .goAway: .goAway
    case .error: .error
    }
  }

  /// Adds the frame to `writer`; `request` is 0 in pushes.
  ///
  /// Of a DATA only what stands before the bytes, which the caller sends behind it.
  package func write(_ request: UInt64, to writer: inout FrameWriter) {
    if case .data(let frame) = self {
      writer.frame(kind.rawValue, request: request, tail: frame.count) { frame.write(to: &$0) }
      return
    }
    writer.frame(kind.rawValue, request: request) { writePayload(to: &$0) }
  }

  private func writePayload(to writer: inout FrameWriter) {
    switch self {
    case .welcome(let frame): frame.write(to: &writer)
    case .opened(let frame): frame.write(to: &writer)
    case .leased(let pages, let left): LeasedPage.write(pages, left: left, to: &writer)
    case .renewed(let held, let term):
      writer.word32(held)
      writer.word32(term)
    case .data, .pong: break
    case .region(let frame): frame.write(to: &writer)
    case .revoked(let frame): frame.write(to: &writer)
    case .wanted(let grace, let marks):
      writer.word32(UInt32(clamping: marks.count))
      writer.word32(grace)
      writer.marks(marks)
    case .invalidated(let frame): frame.write(to: &writer)
    case .goAway(let reason, let left):
      writer.word32(reason)
      writer.word32(left)
    case .error(let frame): frame.write(to: &writer)
    }
  }
}
