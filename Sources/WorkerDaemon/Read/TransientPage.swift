// A page that was read for one request and must not be kept.

import PageStore

/// Bytes of a page whose fill has ended without it; others who want the page begin anew meanwhile.
@safe package struct TransientPage: ~Copyable {
  /// Keeps the bytes in place.
  private let waiter: FillWaiter
  /// The page.
  // SAFETY: the waiter has looked at the bytes, which pins them for as long as it lives.
  package let bytes: UnsafeRawBufferPointer

  /// Ends `fill`, every byte of which was read, without a page; nil when too many wait for it.
  ///
  /// The client that gets the bytes may be slow: nobody is to wait for it.
  static func make(_ fill: consuming PageFill) async -> TransientPage? {
    guard var waiter = fill.join() else { return nil }
    let count = unsafe fill.buffer.count
    fill.publish(upTo: count)
    guard case .bytes(let bytes) = await waiter.progress(upTo: count) else { return nil }
    fill.fail(.abandoned)
    return unsafe TransientPage(waiter: waiter, bytes: bytes)
  }
}
