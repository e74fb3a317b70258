// A lease table and a window made ahead, so that a client that connects does not wait for the kernel to make them.
//
//   HELLO ── take: the spare pair, if it has the sizes asked for ──▶ WELCOME
//                 └── a moment later, when the client has its answer: the next pair
//
// Of both only the table's first page is resident before it is used, which the first leases go to: a spare costs two
// descriptors, 4 KiB and address space.

import Ring

/// The spare pair of one ring; confined to it.
// SAFETY: everything mutable is used by tasks of one reactor.
final class SpareMemory: @unchecked Sendable {
  /// A table, and a window if one was asked for.
  struct Pair {
    /// Where lease words go.
    let table: SealedMemory
    /// Where copies of pages go.
    let window: SealedMemory?
  }

  private struct Sizes: Equatable {
    let table, window: Int

    func make() throws(RingError) -> Pair {
      Pair(
        table: try SealedMemory(name: "penstock-leases", size: table),
        window: window > 0 ? try SealedMemory(name: "penstock-window", size: window) : nil)
    }
  }

  /// What the clients that are being answered have first.
  private static let pause = Duration.microseconds(200)

  private let reactor: Reactor
  private var spare: (sizes: Sizes, pair: Pair)?
  private var isMaking = false

  /// No spare before the first client has said what sizes there are.
  init(_ reactor: Reactor) { self.reactor = reactor }

  /// Whether a pair is there.
  var isReady: Bool { spare != nil }

  /// Memory of `table` bytes and, unless that is 0, of `window` bytes: the spare, or made now.
  ///
  /// - Throws: What the kernel says.
  func take(table: Int, window: Int) throws(RingError) -> Pair {
    let wanted = Sizes(table: table, window: window)
    defer { makeSpare(wanted) }
    if let found = spare, found.sizes == wanted {
      spare = nil
      return found.pair
    }
    return try wanted.make()
  }

  private func makeSpare(_ sizes: Sizes) {
    guard !isMaking, spare?.sizes != sizes else { return }
    isMaking = true
    reactor.spawn { [self] in
      defer { isMaking = false }
      guard await reactor.sleep(for: Self.pause) else { return }
      do throws(RingError) {
        let pair = try sizes.make()
        unsafe pair.table.base.storeBytes(of: 0, as: UInt64.self)
        spare = (sizes, pair)
      } catch {
        // Without a spare the next client's memory is made when it comes, and what is wrong is said then.
        spare = nil
      }
    }
  }
}
