// Keeping the memory tier across a planned restart of a store without disks: its pages are written to one file when the worker
// stops, those used last first, and read from it at the next start.
//
//   stop   memory.saved.new: head, pages until the time is over, sync ▶ rename to memory.saved
//   start  open memory.saved ▶ unlink ▶ pages, each if its checksum matches
//
// It is unlinked before the first page is read: pages come from the stop just before, or from nowhere.

import Glibc
import Model
import Ring

/// What a saving or a loading of memory came to.
package struct SavedMemory: Sendable, Equatable {
  /// Pages saved, or loaded.
  package var pages = 0
  /// Their bytes.
  package var bytes = 0
  /// Pages left out: no time, no room, or a checksum that did not match.
  package var left = 0
  /// What is wrong with the file that was read; nil when nothing is.
  package var problem: String?

  /// Nothing.
  package init() {}
}

extension PageStore {
  /// Writes the pages that are in memory alone to the file at `path`, the one used last first, until `deadline` (monotonic
  /// nanoseconds); blocks.
  ///
  /// - Throws: `volumeUnavailable` when the file cannot be written; nothing is left there then.
  package func saveMemory(
    to path: String, until deadline: UInt64
  ) throws(PageStoreError) -> SavedMemory {
    let names = core.memoryCopies()
    let temporary = path + ".new"
    let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw Self.failure(temporary, errno) }
    defer { close(file) }
    do throws(PageStoreError) {
      let result = try save(names, to: file, temporary, deadline)
      guard fsync(file) == 0, unsafe rename(temporary, path) == 0 else {
        throw Self.failure(path, errno)
      }
      return result
    } catch {
      _ = unsafe unlink(temporary)
      throw error
    }
  }

  private func save(
    _ names: [CopyName], to file: Int32, _ path: String, _ deadline: UInt64
  ) throws(PageStoreError) -> SavedMemory {
    let head = SavedPageHead(
      magic: SavedPageHead.fileMagic, length: pageSize,
      key: PageKey(file: FileKey(high: 0, low: 0), index: UInt32(clamping: names.count)))
    let none = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    try unsafe write(head.bytes(sealing: none), none, to: file, path)
    var result = SavedMemory()
    for name in names {
      guard AccessClock.nanoseconds < deadline else { break }
      guard let lease = core.lease(of: name) else { continue }
      let head = SavedPageHead(
        magic: SavedPageHead.pageMagic, length: lease.count, key: lease.key)
      try unsafe write(head.bytes(sealing: lease.bytes), lease.bytes, to: file, path)
      result.pages += 1
      result.bytes += lease.count
    }
    result.left = names.count - result.pages
    return result
  }

  private func write(
    _ head: [UInt8], _ page: UnsafeRawBufferPointer, to file: Int32, _ path: String
  ) throws(PageStoreError) {
    // A closure that throws its own type comes back through a result.
    let written = unsafe head.withUnsafeBytes { bytes in
      Result { () throws(PageStoreError) in try unsafe write(bytes, to: file, path) }
    }
    try written.get()
    try unsafe write(page, to: file, path)
  }

  private func write(
    _ bytes: UnsafeRawBufferPointer, to file: Int32, _ path: String
  ) throws(PageStoreError) {
    var done = 0
    while done < bytes.count {
      let count = unsafe Glibc.write(
        file, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(path, count == 0 ? EIO : errno) }
      done += count
    }
  }

  /// Reads the pages that were saved in the file at `path`, which is gone afterwards; blocks.
  ///
  /// Pages that are there already stay, and nothing leaves for one that was saved. Returns nil when there is no file.
  /// - Throws: `volumeUnavailable` when the file cannot be read or removed.
  package func loadMemory(from path: String) throws(PageStoreError) -> SavedMemory? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw Self.failure(path, errno)
    }
    defer { close(file) }
    guard unsafe unlink(path) == 0 else { throw Self.failure(path, errno) }
    let start = core.options.clock()
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: SavedPageHead.size, alignment: 8)
    defer { unsafe bytes.deallocate() }
    var result = SavedMemory()
    guard unsafe read(file, into: bytes),
      let head = unsafe SavedPageHead(UnsafeRawBufferPointer(bytes)),
      head.magic == SavedPageHead.fileMagic
    else {
      result.problem = "it is damaged, or holds something else"
      return result
    }
    guard head.length == pageSize else {
      result.problem = "it was saved with pages of \(head.length) bytes, not \(pageSize)"
      return result
    }
    let count = Int(head.key.index)
    while result.pages + result.left < count, unsafe read(file, into: bytes) {
      let head = UnsafeRawBufferPointer(bytes)
      // The first was used last.
      let age = UInt64(result.pages + result.left) &* 1280
      guard let length = unsafe load(head, from: file, now: start > age ? start - age : 0) else {
        let number = result.pages + result.left + 1
        result.problem = "its page \(number) is damaged: those behind it are not used, either"
        break
      }
      result.pages += length > 0 ? 1 : 0
      result.bytes += length
      result.left += length > 0 ? 0 : 1
      _ = posix_fadvise(file, 0, lseek(file, 0, SEEK_CUR), POSIX_FADV_DONTNEED)
    }
    result.left = count - result.pages
    core.sortLanes(ofTier: 0)
    return result
  }

  /// Loads the page with `bytes` as its head; its length, 0 when it is left out, nil when the file is not to be trusted.
  private func load(
    _ bytes: UnsafeRawBufferPointer, from file: Int32, now: UInt64
  ) -> Int? {
    guard let head = unsafe SavedPageHead(bytes), head.magic == SavedPageHead.pageMagic,
      head.length > 0, head.length <= pageSize
    else { return nil }
    guard used + pageSize <= capacity,
      case .owner(let fill) = fill(head.key, length: head.length, node: nextNode(head), now: now)
    else { return lseek(file, off_t(head.length), SEEK_CUR) >= 0 ? 0 : nil }
    guard unsafe read(file, into: fill.buffer),
      unsafe SavedPageHead.isRoot(in: bytes, of: UnsafeRawBufferPointer(fill.buffer))
    else {
      fill.fail(.abandoned)
      return nil
    }
    _ = fill.commit(now: now)
    return head.length
  }

  /// Pages are spread over the nodes as they were: nobody knows by whom they will be read.
  private func nextNode(_ head: SavedPageHead) -> Int {
    arenas.arenas[Int(head.key.index) % arenas.arenas.count].node
  }

  /// Fills `buffer`; false at the end of the file or when it cannot be read.
  private func read(_ file: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    var done = 0
    while done < buffer.count {
      let count = unsafe Glibc.read(
        file, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  private static func failure(_ path: String, _ errno: Int32) -> PageStoreError {
    PageStoreError(
      .volumeUnavailable, operation: "pageStore.savedMemory", subject: path,
      cause: RingError(operation: "savedMemory", result: -errno))
  }
}

extension StoreCore {
  /// The resident copies in memory that have none below, the one used last first.
  ///
  /// O(pages), one stripe's lock at a time.
  func memoryCopies() -> [CopyName] {
    var found: [(age: UInt64, name: CopyName)] = []
    let now = now
    for number in 0..<PageIndex.stripeCount {
      let stripe = index.stripe(number)
      stripe.lock()
      for local in unsafe 1..<max(1, stripe.state.pointee.fresh) {
        let entry = unsafe stripe.entry(local)
        let word = unsafe entry.pointee.current
        guard word.isResident, unsafe isMemory(entry), unsafe entry.pointee.aux == 0 else {
          continue
        }
        let age = unsafe (now &- entry.pointee.stamp) & AccessClock.mask
        let name = unsafe CopyName(slot: index.slot(of: entry), generation: word.generation)
        found.append((age, name))
      }
      stripe.unlock()
    }
    return found.sorted { $0.age < $1.age }.map(\.name)
  }

  /// A lease on the copy of `name`, when it is still there.
  func lease(of name: CopyName) -> PageLease? {
    let entry = unsafe index.entry(at: name.slot)
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    defer { stripe.unlock() }
    guard unsafe entry.pointee.current.generation == name.generation, unsafe isMemory(entry),
      let word = unsafe pin(entry)
    else { return nil }
    return unsafe lease(entry, word)
  }

  /// Puts the lanes of `tier` in the order of stamps, after pages came in any order.
  func sortLanes(ofTier tier: Int) {
    let tick = now
    for number in 0..<PageIndex.stripeCount {
      let stripe = index.stripe(number)
      for lane in tier * 3 * policy.laneCount..<(tier + 1) * 3 * policy.laneCount {
        stripe.lock()
        stripe.sort(lane, tick)
        stripe.unlock()
      }
    }
  }
}
