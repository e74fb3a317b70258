// What a frame costs its user, by its work: a few large frames are no way around the bound on small ones.
//
//   1      any frame but HELLO, which makes memory for the connection: 16
//   + 1    for every 16 pages or leases that it is about
//   + 1    for every 64 KiB that are copied for it

import LocalWire

/// Prices of frames, in units of which a user has so many in a second.
enum FramePrice {
  /// Units of one connection, beyond which a ring looks at others first: some tens of microseconds.
  static let turnMax = 128

  private static let itemsPerUnit = 16
  private static let bytesPerUnit = 64 << 10

  /// The price of `frame` on a connection with `slotCount` lease slots that were used, all of which a renewal of all leases looks at.
  static func units(of frame: ClientFrame, slotCount: Int) -> Int {
    switch frame {
    case .lease(let lease): 1 + lease.pageCount / itemsPerUnit
    case .release(let marks): 1 + marks.count / itemsPerUnit
    case .renew(let marks): 1 + (marks.isEmpty ? slotCount : marks.count) / itemsPerUnit
    case .read(let read): 1 + units(ofBytes: read.length)
    case .hello: 16
    case .open, .close, .cancel, .ping: 1
    }
  }

  /// The price of copying `count` bytes.
  static func units(ofBytes count: Int) -> Int { count / bytesPerUnit }

  /// The bytes that are copied for `count` units.
  static func size(ofUnits count: Int) -> Int { count * bytesPerUnit }
}
