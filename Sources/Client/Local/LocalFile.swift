// An open file on the short circuit: which of its pages are leased, and how they are read.
//
//   pages     0    1    2  …  63 | 64 … 127 | 128 …
//             held ··········│··· held ·····│ asked for when the reader enters 64
//                     reader ┘
//
// A copy is made without a lock, then the lease's word is looked at: what was copied under a lease that has ended is thrown away.

import Glibc
import LocalWire
import Synchronization

/// A handle on one version of a file.
final class LocalFile: @unchecked Sendable {
  // SAFETY: what changes is behind `state`; pages' addresses stay mapped as long as the connection, which this keeps.

  /// A page that is leased.
  @safe struct Held {
    let address: UnsafeRawPointer
    let count: Int
    let mark: LeaseMark
    let source: PageSource
    var viewCount: Int32 = 0
  }

  struct State: @unchecked Sendable {
    private(set) var pages: [UInt32: Held] = [:]
    /// The same for those who look without the lock.
    let table: LeasedPageTable
    /// Pages in the order in which they were leased; some may be gone.
    var order: [UInt32] = []
    var orderStart = 0
    /// Pages asked for and not answered.
    var asked: [UInt32: LocalTicket] = [:]
    /// The first page of the next batch.
    var aheadEnd: UInt32 = 0
    /// The page behind the last ones that were asked for because one was missed.
    var missEnd: UInt32 = 0
    var missCount = 0
    /// Whether pages ahead had to be fetched: then they are asked for a few at a time.
    var isCold = false
    var isClosed = false

    init(_ table: LeasedPageTable) { self.table = table }

    /// Holds `page`, in place of what was held before.
    mutating func hold(_ page: UInt32, _ held: Held) {
      pages[page] = held
      unsafe table.set(page, held.address, held.mark)
    }

    /// Holds `page` no more.
    mutating func letGo(_ page: UInt32) {
      pages[page] = nil
      table.clear(page)
    }

    /// Counts a view of `page` that begins or ends.
    mutating func addView(_ count: Int32, to page: UInt32) { pages[page]?.viewCount += count }
  }

  /// Leases that may end under a reader before it asks for the bytes themselves.
  private static let lostMax = 8

  /// Bytes of a copy by the way that they came.
  struct Copied {
    var shared = 0
    var domain = 0
  }

  let connection: LocalConnection
  let path: String
  let opened: OpenedFrame
  let pageSize: Int
  let pageCount: UInt32
  let state: Mutex<State>
  /// What is read without a lock.
  let reader: LeasedReader
  private let stale = Atomic<UInt32>(0)

  /// The file that `opened` speaks of.
  init(_ connection: LocalConnection, path: String, _ opened: OpenedFrame) throws(ClientError) {
    self.connection = connection
    self.path = path
    self.opened = opened
    pageSize = Int(opened.pageSize)
    let count = opened.length / Int64(pageSize) + (opened.length % Int64(pageSize) == 0 ? 0 : 1)
    guard let count = UInt32(exactly: count), count < UInt32.max else {
      throw .broken("a file of more pages than can be named")
    }
    pageCount = count
    reader = LeasedReader(connection, pageSize: pageSize, pageCount: count)
    state = Mutex(State(reader.table))
    connection.registry.insert(self)
  }

  deinit { close() }

  /// Whether the worker said that this version is no longer the file's.
  var isStale: Bool { stale.load(ordering: .relaxed) != 0 }

  func noteStale(_ reason: InvalidatedFrame.Reason) {
    guard reason != .freed else { return }
    stale.store(reason.rawValue, ordering: .relaxed)
  }

  /// Bytes that page `page` has.
  func size(of page: UInt32) -> Int {
    Int(min(Int64(pageSize), opened.length - Int64(page) * Int64(pageSize)))
  }

  /// The page of the byte at `offset`.
  @inline(__always)
  func page(at offset: Int) -> UInt32 {
    reader.page(at: offset)
  }

  /// Copies `count` bytes from `offset` on, all of which lie in the file.
  func copy(
    to target: UnsafeMutableRawPointer, count: Int, at offset: Int
  ) throws(ClientError) -> Copied {
    var done = 0
    var copied = Copied()
    var lostCount = connection.options.isLeasing ? 0 : Self.lostMax
    while done < count {
      let place = offset + done
      let page = page(at: place)
      guard lostCount < Self.lostMax, let held = find(page) else {
        let last = self.page(at: offset + count - 1)
        if lostCount < Self.lostMax, try obtain(page, through: last) { continue }
        // No lease to be had: the bytes come through the socket.
        let part = unsafe try read(to: unsafe target + done, count: count - done, at: place)
        done += part
        copied.domain += part
        if connection.options.isLeasing { lostCount = 0 }
        continue
      }
      let start = place - Int(page) * pageSize
      let part = min(count - done, held.count - start)
      // SAFETY: a held page has `size(of:)` bytes, checked when it was leased, and `target` has room for `count`.
      unsafe memcpy(target + done, held.address + start, part)
      if connection.words.isLive(held.mark) {
        done += part
        copied.shared += part
      } else {
        lostCount += 1
        connection.counters.addLateRead()
        drop(page, held.mark)
      }
    }
    return copied
  }

  /// The lease on `page`, if there is one that has not been found ended; asks ahead when it is time.
  @inline(__always)
  func find(_ page: UInt32) -> Held? {
    guard !connection.hasEnded.load(ordering: .relaxed) else { return nil }
    if reader.isDue(page) { askAhead(of: page) }
    let held = state.withLock { $0.pages[page] }
    if held != nil { reader.noteUse() }
    return held
  }

  /// Reads through the socket; at most 4 MiB.
  private func read(
    to target: UnsafeMutableRawPointer, count: Int, at offset: Int
  ) throws(ClientError) -> Int {
    let count = min(count, ReadFrame.lengthMax)
    let ticket = unsafe LocalTicket(
      path, destination: UnsafeMutableRawBufferPointer(start: target, count: count))
    let frame = ReadFrame(handle: opened.handle, offset: Int64(offset), length: count)
    guard case .data(let received) = try connection.call(.read(frame), ticket) else {
      throw .broken("another answer than DATA")
    }
    guard received == count else { throw ClientError(LocalCode.changed, path) }
    return received
  }

  /// Gives everything back.
  ///
  /// Pages that are looked at stay leased until their views end.
  func close() {
    let marks = state.withLock { state -> [LeaseMark]? in
      guard !state.isClosed else { return nil }
      state.isClosed = true
      let gone = state.pages.filter { $0.value.viewCount == 0 }
      for page in gone.keys { state.letGo(page) }
      return gone.values.map(\.mark)
    }
    guard let marks else { return }
    connection.registry.add(-marks.count)
    let frames = releases(of: marks)
    connection.post(frames + [.close(handle: opened.handle)])
  }

  /// RELEASE frames for `marks`.
  func releases(of marks: [LeaseMark]) -> [ClientFrame] {
    stride(from: 0, to: marks.count, by: 4096).map {
      .release(Array(marks[$0..<min($0 + 4096, marks.count)]))
    }
  }
}
