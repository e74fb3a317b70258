// Bytes of a file looked at in place: in memory leased from the worker, or in a copy of the view's own when there is no lease.

import Glibc
import LocalWire
import Synchronization

/// A view of bytes of one page.
///
/// What was read of it counts only if `close`, or `isLive` after the reading, says that the lease was live.
@safe public final class View: @unchecked Sendable {
  // SAFETY: leased memory stays mapped as long as `file` keeps its connection; the view's own memory as long as the view.

  /// The bytes.
  public let bytes: UnsafeRawBufferPointer
  /// The way that they came.
  public let path: ReadPath
  private let file: LocalFile?
  private let page: UInt32
  private let mark: LeaseMark
  private let own: UnsafeMutableRawPointer?
  private let outcome = Atomic<Int>(-1)

  init(_ bytes: UnsafeRawBufferPointer, _ file: LocalFile, _ page: UInt32, _ mark: LeaseMark) {
    unsafe self.bytes = unsafe bytes
    path = .shared
    self.file = file
    self.page = page
    self.mark = mark
    unsafe own = nil
  }

  init(copy own: UnsafeMutableRawPointer, count: Int, path: ReadPath) {
    unsafe bytes = UnsafeRawBufferPointer(start: own, count: count)
    self.path = path
    file = nil
    page = 0
    mark = LeaseMark(slot: 0, generation: 0)
    unsafe self.own = unsafe own
  }

  deinit {
    close()
    unsafe own?.deallocate()
  }

  /// Whether the bytes are a copy that nobody can take away.
  public var isCopy: Bool { file == nil }

  /// Whether what was read of the bytes so far was the file's.
  public var isLive: Bool {
    let ended = outcome.load(ordering: .relaxed)
    if ended >= 0 { return ended == 1 }
    return file?.connection.words.isLive(mark) ?? true
  }

  /// Ends the view and says whether its lease was live to the end; a second time says the same.
  @discardableResult
  public func close() -> Bool {
    // One of several threads that close is the one that ends it.
    guard outcome.compareExchange(expected: -1, desired: -2, ordering: .relaxed).exchanged else {
      return outcome.load(ordering: .relaxed) != 0
    }
    let isLive = file?.endView(of: page, mark) ?? true
    outcome.store(isLive ? 1 : 0, ordering: .relaxed)
    return isLive
  }
}

extension ClientFile {
  /// A view of at most `count` bytes at `offset`: to the end of their page, and of the file.
  ///
  /// The lease is renewed while the view is open, up to the worker's longest hold.
  public func view(_ count: Int, at offset: Int) throws(ClientError) -> View {
    let count = try self.count(count, at: offset)
    guard count > 0 else { throw ClientError(.invalid, path, "a view of no bytes") }
    let view = try onWay { (way) throws(ClientError) -> View? in
      guard client.options.isLeasing, case .local(let file) = way,
        let held = try file.beginView(at: offset)
      else {
        return nil
      }
      let page = file.page(at: offset)
      let start = offset - Int(page) * file.pageSize
      // SAFETY: the held page has at least one byte from `start` on, since the file has.
      let bytes = unsafe UnsafeRawBufferPointer(
        start: held.address + start, count: min(count, held.count - start))
      client.counters.add(bytes.count, by: .shared)
      client.counters.addInPlace(bytes.count)
      client.counters.addReturned(bytes.count)
      return unsafe View(bytes, file, page, held.mark)
    }
    if let view { return view }
    let own = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
    do throws(ClientError) {
      let target = unsafe UnsafeMutableRawBufferPointer(start: own, count: count)
      let outcome = try unsafe read(into: target, at: offset)
      return unsafe View(copy: own, count: outcome.count, path: outcome.path)
    } catch {
      unsafe own.deallocate()
      throw error
    }
  }

  /// Runs `body` on the bytes of a view.
  ///
  /// - Throws: `leaseEnded` when what `body` saw may not have been the file's.
  public func withView<T>(
    _ count: Int, at offset: Int, _ body: (UnsafeRawBufferPointer) -> T
  ) throws(ClientError) -> T {
    let view = try view(count, at: offset)
    let result = unsafe body(view.bytes)
    guard view.close() else {
      throw ClientError(
        .leaseEnded, path, "the lease ended while the bytes were looked at", "look again, or copy")
    }
    return result
  }

  /// Runs `body` on bytes in place, without holding them.
  ///
  /// They are at most `count` at `offset`, to the end of their page. For a look that takes microseconds, such as a sum, a
  /// comparison or a copy of one's own; it costs about 0.1 µs beside what `body` does. The lease is looked at behind `body`:
  /// what it returned under one that had ended is thrown away, and `body` runs again. A longer look is `withView`'s.
  public func withBytes<T>(
    _ count: Int, at offset: Int, _ body: (UnsafeRawBufferPointer) -> T
  ) throws(ClientError) -> T {
    let wanted = try self.count(count, at: offset)
    if wanted > 0, client.isReady, let reader = leasing,
      let place = reader.place(of: wanted, at: offset)
    {
      // SAFETY: the place has `wanted` bytes.
      let result = unsafe body(UnsafeRawBufferPointer(start: place.address, count: wanted))
      if reader.isLive(place) {
        client.counters.addSeen(wanted)
        return result
      }
      client.counters.addLateRead()
    }
    for _ in 0..<8 {
      let view = try view(count, at: offset)
      let result = unsafe body(view.bytes)
      if view.close() { return result }
      client.counters.addLateRead()
    }
    throw ClientError(
      .leaseEnded, path, "the lease ended while the bytes were looked at", "look again, or copy")
  }
}
