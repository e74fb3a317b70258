// What the tasks of a simulation do all life long.

import Model
import PageStore

extension StoreSimulation {
  /// Starts the tasks of life `number`.
  func startTasks(_ life: StoreLife, _ number: Int) {
    for index in 0..<plan.readers {
      start("reader \(index)") { await $0.readRange(&$1) }
    }
    for index in 0..<plan.loaders { start("loader \(index)") { await $0.load(&$1) } }
    for index in 0..<plan.droppers { start("dropper \(index)") { $0.dropSome(&$1) } }
  }

  /// Starts a task that does `operation` again and again, with a stream of chance of its own.
  private func start(
    _ name: String,
    _ operation: @escaping @Sendable (StoreSimulation, inout SimRandom) async -> Void
  ) {
    let stream = random.fork()
    executor.spawn(name) { [self] in
      var random = stream
      for _ in 0..<plan.operations where !isEnding {
        await executor.wait(UInt64(random.below(400_000)))
        await operation(self, &random)
      }
    }
  }

  // MARK: Reading

  /// Reads a random range of a random file, page by page.
  private func readRange(_ random: inout SimRandom) async {
    let file = pickFile(&random)
    let first = random.below(file.length)
    let count = 1 + random.below(min(file.length - first, 3 * plan.pageSize))
    var offset = first
    while offset < first + count, !isEnding {
      let index = offset / plan.pageSize
      let end = min(first + count, (index + 1) * plan.pageSize)
      await read(Want(file, index, plan.pageSize, range: offset..<end), &random)
      offset = end
    }
  }

  private func pickFile(_ random: inout SimRandom) -> SimUFS.File {
    // Half of the wishes go to a fourth of the files.
    let bound = random.below(2) == 0 ? max(1, ufs.files.count / 4) : ufs.files.count
    return ufs.files[random.below(bound)]
  }

  /// Reads one page's part of a range, as a worker would.
  private func read(_ want: Want, _ random: inout SimRandom) async {
    guard let store = life?.store else { return }
    switch store.lookup(want.key, now: executor.now) {
    case .hit(let lease):
      count("hits")
      if canary == .keptLease, random.chance(20_000) { return kept.append(KeptLease(lease)) }
      await use(lease, want, &random)
    case .stored(let lease): await use(lease, want, &random)
    case .miss:
      count("misses")
      await fill(want, &random, tries: 3)
    }
  }

  /// Checks a page that is held, holds it a while and checks it again: bytes under a lease never change.
  private func use(
    _ lease: borrowing PageLease, _ want: Want, _ random: inout SimRandom
  ) async {
    verify(lease, want)
    guard random.below(4) == 0 else { return }
    await executor.wait(UInt64(random.below(3_000_000)))
    verify(lease, want)
  }

  /// Reads the wanted part of a page on disk and checks it; a page that is lost is filled again.
  private func use(
    _ lease: borrowing StoredLease, _ want: Want, _ random: inout SimRandom
  ) async {
    guard let store = life?.store else { return }
    guard lease.count == want.length, lease.key == want.key else {
      return fail("a lease of \(lease.count) bytes on disk for a page of \(want.length)")
    }
    count("stored hits")
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: store.readBufferSize, alignment: 4096)
    defer { buffer.deallocate() }
    switch await lease.read(want.inPage, into: buffer) {
    case .bytes(let range):
      verify(
        UnsafeRawBufferPointer(rebasing: buffer[range]), of: want.file, at: want.start, "disk")
    case .lost: count("lost")
    }
  }

  private func verify(_ lease: borrowing PageLease, _ want: Want) {
    guard lease.count == want.length, lease.key == want.key else {
      return fail("a lease of \(lease.count) bytes for a page of \(want.length)")
    }
    let range = want.inPage
    verify(
      UnsafeRawBufferPointer(rebasing: lease.bytes[range]), of: want.file, at: want.start, "memory")
  }

  // MARK: Filling

  private func fill(_ want: Want, _ random: inout SimRandom, tries: Int) async {
    guard let store = life?.store else { return }
    switch store.fill(want.key, length: want.length, node: 0, now: executor.now) {
    case .hit(let lease): await use(lease, want, &random)
    case .stored(let lease): await use(lease, want, &random)
    case .owner(let fill): await bring(fill, want, &random)
    case .join(let waiter):
      count("joins")
      switch await waiter.wait() {
      case .hit(let lease): await use(lease, want, &random)
      case .failed: if tries > 1, !isEnding { await self.fill(want, &random, tries: tries - 1) }
      }
    case .rejected(let reason):
      count("rejections")
      if reason == .lengthInvalid { fail("a page of \(want.length) bytes is refused") }
    }
  }

  /// Brings a page from the source in pieces; fails, gives up or commits.
  private func bring(_ fill: consuming PageFill, _ want: Want, _ random: inout SimRandom) async {
    if !filling.insert(want.key).inserted { fail("two fills of one page") }
    defer { filling.remove(want.key) }
    let buffer = fill.buffer
    if buffer.count != want.length { return self.fail("a fill's buffer has \(buffer.count) bytes") }
    var done = 0
    while done < want.length {
      await executor.wait(UInt64(random.below(500_000)))
      if random.chance(plan.abandonRate) { return count("abandoned") }
      guard ufs.answers(), ufs.isCurrent(want.file) else {
        filling.remove(want.key)
        return fill.fail(.source(SimUFSError()))
      }
      let end = min(want.length, done + max(4096, want.length / 2 / 4096 * 4096))
      want.file.fill(
        UnsafeMutableRawBufferPointer(rebasing: buffer[done..<end]), from: want.pageStart + done)
      done = end
    }
    count("fills")
    if canary == .wrongByte, random.chance(10_000) { buffer[random.below(want.length)] ^= 1 }
    filling.remove(want.key)
    let lease = fill.commit(now: executor.now)
    await use(lease, want, &random)
  }

  /// Brings every page of a file that is not there.
  private func load(_ random: inout SimRandom) async {
    let file = pickFile(&random)
    for index in 0...(file.length - 1) / plan.pageSize where !isEnding {
      await fill(Want(file, index, plan.pageSize), &random, tries: 1)
    }
  }

  // MARK: Leaving

  /// Drops a file or a page, or gives a file a new version.
  private func dropSome(_ random: inout SimRandom) {
    guard let store = life?.store else { return }
    let file = pickFile(&random)
    switch random.below(4) {
    case 0: store.drop(file.key)
    case 1:
      let old = ufs.change(file.number)
      count("versions")
      if random.below(2) == 0 { store.drop(old.key) }
    default:
      let key = PageKey(
        file: file.key, index: UInt32(random.below((file.length - 1) / plan.pageSize + 1)))
      store.drop(page: key)
      if store.contains(key) { fail("a dropped page is still there") }
    }
    count("drops")
  }
}
