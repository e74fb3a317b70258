// REVOKED: leases that ended without the client's doing.

/// Leases whose words have changed already.
package struct RevokedFrame: Sendable, Equatable {
  /// Why leases end.
  package enum Reason: UInt32, Sendable, CaseIterable {
    /// The term passed without RENEW.
    case term = 1
    /// The longest hold passed.
    case hold = 2
    /// The worker wanted the memory, and the grace is over.
    case memory = 3
    /// The worker stops.
    case stopping = 4
  }

  /// Why they ended.
  package let reason: Reason
  /// Which.
  package let marks: [LeaseMark]

  /// The end of `marks`.
  package init(_ reason: Reason, _ marks: [LeaseMark]) {
    self.reason = reason
    self.marks = marks
  }

  init(_ reader: inout FrameReader) throws(LocalWireError) {
    let count = try reader.count("number", max: LeaseMark.countMax)
    guard let reason = Reason(rawValue: try reader.word32("reason")) else {
      throw LocalWireError(.value, "reason")
    }
    self.reason = reason
    marks = try reader.marks(count)
  }

  func write(to writer: inout FrameWriter) {
    writer.word32(UInt32(clamping: marks.count))
    writer.word32(reason.rawValue)
    writer.marks(marks)
  }
}
