// What the load does all life long.

import Model
import PageStore

extension StoreSimulation {
  /// Starts the tasks of the load.
  func startTasks() {
    for index in 0..<plan.readers {
      start("reader \(index)", plan.operations) { await $0.readRange(&$1, $2) }
    }
    for index in 0..<plan.loaders {
      start("loader \(index)", plan.operations / 4) { await $0.load(&$1, $2) }
    }
    for index in 0..<plan.droppers {
      start("dropper \(index)", plan.operations) { simulation, random, _ in
        simulation.dropSome(&random)
      }
    }
    for index in 0..<plan.tuners {
      start("tuner \(index)", plan.operations) { simulation, random, _ in
        simulation.tune(&random)
      }
    }
    guard !disks.isEmpty else { return }
    start("weather", plan.weatherChanges) { simulation, random, _ in
      await simulation.changeWeather(&random)
    }
    // A stream of its own: what a seed has done so far it goes on doing.
    var chance = SimRandom(seed: seed ^ 0xD15C ^ UInt64(executor.steps))
    if canary == nil, chance.below(4) == 0 {
      start("puller", 1 + chance.below(3), chance.fork()) { simulation, random, _ in
        await simulation.pullDisk(&random)
      }
    }
    guard canary == .swappedPages else { return }
    start("swapper", 10 * plan.operations) { simulation, random, _ in simulation.swapPages(&random)
    }
  }

  /// Starts a task that does `operation` `times` times, with a stream of chance and a buffer of its own.
  private func start(
    _ name: String, _ times: Int, _ own: SimRandom? = nil,
    _ operation: @escaping @Sendable (StoreSimulation, inout SimRandom, SimBuffer) async -> Void
  ) {
    let stream = own ?? random.fork()
    workers += 1
    executor.spawn(name) { [self] in
      var random = stream
      let buffer = SimBuffer(life?.store.readBufferSize ?? 4096)
      for _ in 0..<times where !isEnding {
        await executor.wait(UInt64(random.below(plan.pauseMax)))
        if !isEnding { await operation(self, &random, buffer) }
      }
      workers -= 1
    }
  }

  // MARK: Reading

  /// Reads a random range of a random file, page by page.
  private func readRange(_ random: inout SimRandom, _ buffer: SimBuffer) async {
    let file = pickFile(&random)
    let first = random.below(file.length)
    let count = 1 + random.below(min(file.length - first, 3 * plan.pageSize))
    var offset = first
    while offset < first + count, !isEnding {
      let index = offset / plan.pageSize
      let end = min(first + count, (index + 1) * plan.pageSize)
      await read(Want(file, index, plan.pageSize, range: offset..<end), &random, buffer)
      offset = end
    }
  }

  private func pickFile(_ random: inout SimRandom) -> SimUFS.File {
    // Half of the wishes go to a fourth of the files.
    let bound = random.below(2) == 0 ? max(1, ufs.files.count / 4) : ufs.files.count
    return ufs.files[random.below(bound)]
  }

  /// Reads one page's part of a range, as a worker would.
  private func read(_ want: Want, _ random: inout SimRandom, _ buffer: SimBuffer) async {
    guard let store = life?.store else { return }
    switch store.lookup(want.key, now: executor.now) {
    case .hit(let lease):
      count("hits")
      if canary == .keptLease, random.chance(20_000) { return kept.append(KeptLease(lease, want)) }
      await use(lease, want, &random)
    case .stored(let lease):
      guard await !use(lease, want, &random, buffer) else { return }
      await fill(want, &random, buffer, tries: 3)
    case .miss:
      count("misses")
      await fill(want, &random, buffer, tries: 3)
    }
  }

  /// Checks a page that is held, holds it a while and checks it again: bytes under a lease never change.
  private func use(_ lease: borrowing PageLease, _ want: Want, _ random: inout SimRandom) async {
    check(lease, want)
    guard random.below(4) == 0 else { return }
    await executor.wait(UInt64(random.below(3_000_000)))
    check(lease, want)
  }

  private func check(_ lease: borrowing PageLease, _ want: Want) {
    guard lease.count == want.length, lease.key == want.key else {
      return fail("a lease of \(lease.count) bytes for a page of \(want.length)")
    }
    let part = UnsafeRawBufferPointer(rebasing: lease.bytes[want.inPage])
    verify(part, of: want.file, at: want.start, "memory")
  }

  /// Reads and checks a page on disk, once or twice; false when it was lost.
  private func use(
    _ lease: borrowing StoredLease, _ want: Want, _ random: inout SimRandom, _ buffer: SimBuffer
  ) async -> Bool {
    guard lease.key == want.key else {
      fail("a lease of another page")
      return false
    }
    for _ in 0...random.below(2) {
      // A damaged log may say any length: the checksum knows.
      let range = want.inPage.clamped(to: 0..<lease.count)
      guard !range.isEmpty else { return false }
      switch await lease.read(range, into: buffer.bytes) {
      case .bytes(let found):
        count("stored hits")
        guard lease.count == want.length, found.count == range.count else {
          fail("a page of \(lease.count) bytes on disk, not \(want.length)")
          return true
        }
        let part = UnsafeRawBufferPointer(rebasing: buffer.bytes[found])
        verify(part, of: want.file, at: want.pageStart + range.lowerBound, "disk")
      case .lost:
        count("lost")
        return false
      case .stuck(let hold):
        count("stuck")
        buffer.surrender(until: hold)
        return false
      }
    }
    return true
  }

  // MARK: Filling

  private func fill(
    _ want: Want, _ random: inout SimRandom, _ buffer: SimBuffer, tries: Int
  ) async {
    guard let store = life?.store else { return }
    switch store.fill(
      want.key, length: want.length, node: random.below(plan.nodes), now: executor.now)
    {
    case .hit(let lease): return await use(lease, want, &random)
    case .stored(let lease): if await use(lease, want, &random, buffer) { return }
    case .owner(let fill): return await bring(fill, want, &random)
    case .join(var waiter):
      count("joins")
      if random.below(2) == 0 { await watch(&waiter, want, &random) }
      switch await waiter.wait() {
      case .hit(let lease): return await use(lease, want, &random)
      case .failed: break
      }
    case .rejected(let reason):
      count("rejected: \(reason)")
      switch reason {
      case .lengthInvalid: return fail("a page of \(want.length) bytes is refused")
      case .busy: await store.waitForRoom()
      default: return
      }
    }
    if tries > 1, !isEnding { await fill(want, &random, buffer, tries: tries - 1) }
  }

  /// Checks the bytes of a page while it is being brought, some of them long after they were shown.
  private func watch(
    _ waiter: inout FillWaiter, _ want: Want, _ random: inout SimRandom
  ) async {
    var seen = 0
    while case .bytes(let bytes) = await waiter.progress(upTo: seen + 1) {
      count("bytes seen early", bytes.count - seen)
      verify(bytes, of: want.file, at: want.pageStart, "a page being filled")
      seen = bytes.count
      if random.below(3) == 0 {
        await executor.wait(UInt64(random.below(3_000_000)))
        verify(bytes, of: want.file, at: want.pageStart, "a page being filled, later")
      }
      if random.below(8) == 0 { return }
    }
  }

  /// Brings a page from the source in pieces; fails, gives up or commits.
  private func bring(_ fill: consuming PageFill, _ want: Want, _ random: inout SimRandom) async {
    if !filling.insert(want.key).inserted { self.fail("two fills of one page") }
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
      if random.below(4) > 0 { fill.publish(upTo: done) }
    }
    count("fills")
    note("load.commit", want.file, Int(want.key.index))
    if canary == .wrongByte, random.chance(10_000) { buffer[random.below(want.length)] ^= 1 }
    filling.remove(want.key)
    let lease = fill.commit(now: executor.now)
    await use(lease, want, &random)
  }

  /// Brings every page of a file that is not there.
  private func load(_ random: inout SimRandom, _ buffer: SimBuffer) async {
    let file = pickFile(&random)
    for index in 0...(file.length - 1) / plan.pageSize where !isEnding {
      await fill(Want(file, index, plan.pageSize), &random, buffer, tries: 5)
    }
  }

  private func note(_ name: StaticString, _ file: SimUFS.File, _ index: Int = 0) {
    executor.trace.record(name, at: executor.now, file.number, file.version, index)
  }

  // MARK: Leaving and tuning

  /// Drops a file or a page, or gives a file a new version.
  private func dropSome(_ random: inout SimRandom) {
    guard let store = life?.store else { return }
    let file = pickFile(&random)
    note("load.drop", file)
    switch random.below(4) {
    case 0: drop(file.key, store)
    case 1:
      let old = ufs.change(file.number)
      count("versions")
      if random.below(2) == 0 { drop(old.key, store) }
    default:
      let key = PageKey(
        file: file.key, index: UInt32(random.below((file.length - 1) / plan.pageSize + 1)))
      pinned.removeAll { $0 == key }
      store.drop(page: key)
      if store.contains(key) { fail("a dropped page is still there") }
    }
    count("drops")
  }

  private func drop(_ file: FileKey, _ store: PageStore) {
    pinned.removeAll { $0.file == file }
    store.drop(file)
    if store.residentPages(of: file) != 0 { fail("a dropped file has pages") }
  }

  /// Pins and unpins files, changes priorities, evicts, asks for a scrub.
  private func tune(_ random: inout SimRandom) {
    guard let store = life?.store else { return }
    let file = pickFile(&random)
    checkPinned()
    switch random.below(6) {
    case 0:
      note("load.pin", file)
      pinned.removeAll { $0.file == file.key }
      store.setTraits(FileTraits(isPinned: true), of: file.key)
      for index in 0...(file.length - 1) / plan.pageSize {
        let key = PageKey(file: file.key, index: UInt32(index))
        if store.contains(key) { pinned.append(key) }
      }
    case 1, 2:
      note("load.unpin", file)
      pinned.removeAll { $0.file == file.key }
      store.setTraits(FileTraits(priority: random.pick(CachePriority.allCases)), of: file.key)
    case 3, 4:
      note("load.evict", file)
      store.evict(toUsed: random.below(store.capacity), limit: 1 + random.below(8))
    default: store.startScrub()
    }
    checkPinned()
    count("tunings")
  }
}
