// Pages that are to be brought: reserved in the store, their bytes still to come.

import PageStore

/// A fill in a queue, with the leave to keep its page.
final class PendingFill {
  /// 0-based index of the page.
  let index: UInt32
  /// Length of the page in bytes.
  let length: Int
  private var fill: PageFill?
  private var grant: FillGrant?

  /// A fill that the caller owns.
  init(_ fill: consuming PageFill, _ grant: consuming FillGrant, index: UInt32) {
    length = unsafe fill.buffer.count
    self.index = index
    self.fill = consume fill
    self.grant = consume grant
  }

  /// Takes the fill out, once.
  func takeFill() -> PageFill? { fill.take() }

  /// Takes the leave out, once.
  func takeGrant() -> FillGrant? { grant.take() }
}

/// What became of the wish to bring a page.
enum PageReservation {
  /// The caller brings it.
  case owned(PendingFill)
  /// It is here, or someone else is bringing it.
  case present
  /// The store, or a quota, has no room.
  case rejected
}

/// A piece of a page must not be kept: its file changed too recently for its version to be trusted later.
struct UnsettledFill: Error {}
