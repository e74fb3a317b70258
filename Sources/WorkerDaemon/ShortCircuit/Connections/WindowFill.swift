// A page on its way into a window.

import LocalWire

/// Units of a window that are being written; they return unless a lease takes them over.
final class WindowFill {
  /// Bytes of the page.
  let length: Int
  /// Where its first bytes came from.
  let source: PageSource
  /// Bytes written.
  private(set) var filled = 0
  private let window: LeaseWindow
  private var units: Range<Int>?

  /// A page of `length` bytes in `units` of `window`, which are taken.
  init(_ window: LeaseWindow, units: Range<Int>, length: Int, source: PageSource) {
    self.window = window
    self.units = units
    self.length = length
    self.source = source
  }

  deinit { if let units { window.giveBack(units) } }

  /// Writes what comes next; what is beyond the page's end is left out.
  func append(_ bytes: UnsafeRawBufferPointer) {
    guard let units else { return }
    let target = unsafe window.bytes(of: units)
    let count = min(bytes.count, length - filled)
    unsafe UnsafeMutableRawBufferPointer(rebasing: target[filled..<filled + count])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    filled += count
  }

  /// Hands the units over.
  func takeUnits() -> Range<Int> {
    defer { units = nil }
    return units ?? 0..<0
  }
}
