// Copies of pages: how a second one comes to be, and how two change places, each in one step under the stripe's lock.
//
//   saved:      M unsaved           ──▶  M ─behind─▶ D          M joins the order of leaving
//   promoted:   D                   ──▶  M ─behind─▶ D
//   demoted:    S (or M ─▶ S)       ──▶  H (or M ─▶ H)          S leaves when its last reader is done
//
// While bytes are copied both ends are held: the source by a pin, the target as "moving" with a place and in no table. If the
// source was dropped or evicted meanwhile, the target goes as if it had never been.

import Model
import Synchronization

/// A source and a target of one copy, both held; it ends by one of the `finish` methods or by `abandon`.
@safe struct CopyInProgress {
  // SAFETY: the source is pinned, the target is moving: neither slot is given to anybody else.
  let source: UnsafeMutablePointer<PageEntry>
  let target: UnsafeMutablePointer<PageEntry>
  let sourceGeneration: UInt16
  let key: PageKey
  let length: Int
  /// The priority that the page had at the begin.
  let priority: CachePriority
}

extension StoreCore {
  // MARK: Begin

  /// Holds the copy of `name` and makes a target of it, when it is still there and `isWanted`.
  func beginCopy(
    of name: CopyName, isWanted: (UnsafeMutablePointer<PageEntry>) -> Bool
  ) -> CopyInProgress? {
    let source = unsafe index.entry(at: name.slot)
    let stripe = unsafe index.stripe(of: source)
    stripe.lock()
    let word = unsafe source.pointee.current
    guard word.isResident, word.generation == name.generation, unsafe isWanted(source),
      let target = unsafe stripe.take()
    else {
      stripe.unlock()
      return nil
    }
    guard unsafe pin(source) != nil else {
      unsafe stripe.giveBack(target)
      stripe.unlock()
      return nil
    }
    unsafe prepare(target, of: source)
    unsafe stripe.state.pointee.counters.moving += 1
    let copy = unsafe CopyInProgress(
      source: source, target: target, sourceGeneration: word.generation, key: source.pointee.key,
      length: word.length, priority: source.pointee.flags.priority)
    stripe.unlock()
    retainForEntry()
    return copy
  }

  private func prepare(
    _ target: UnsafeMutablePointer<PageEntry>, of source: UnsafeMutablePointer<PageEntry>
  ) {
    unsafe target.pointee.high = source.pointee.high
    unsafe target.pointee.low = source.pointee.low
    unsafe target.pointee.index = source.pointee.index
    unsafe target.pointee.unit = PageEntry.noUnit
    unsafe target.pointee.aux = 0
    unsafe target.pointee.volume = 0
    unsafe target.pointee.heat = 0
    unsafe target.pointee.lane = PageEntry.noLane
    var flags: EntryFlags = [.moving]
    if unsafe source.pointee.flags.contains(.pinned) { flags.insert(.pinned) }
    flags.priority = unsafe source.pointee.flags.priority
    unsafe target.pointee.flags = flags
    let word = unsafe PageWord(
      fillOf: source.pointee.current.length, generation: target.pointee.current.generation)
    unsafe target.pointee.word.store(word.raw, ordering: .relaxed)
  }

  /// Gives the target of `copy` a place in `tier`, for which other pages may leave.
  func makeRoom(for copy: CopyInProgress, in tier: Int, near node: Int) -> Bool {
    let slot = unsafe index.slot(of: copy.target)
    guard
      case .found(let place) = makeRoom(
        copy.length, for: slot, in: tier, near: node, priority: copy.priority, tick: now)
    else { return false }
    put(copy, at: place)
    return true
  }

  /// Gives the target of `copy` a place in `tier` that is free; false when there is none.
  func takeRoom(for copy: CopyInProgress, in tier: Int, near node: Int) -> Bool {
    let slot = unsafe index.slot(of: copy.target)
    guard let place = takeRoom(copy.length, for: slot, in: tier, near: node) else { return false }
    put(copy, at: place)
    return true
  }

  private func put(_ copy: CopyInProgress, at place: Place) {
    let stripe = unsafe index.stripe(of: copy.target)
    stripe.lock()
    unsafe copy.target.pointee.volume = place.volume
    unsafe copy.target.pointee.unit = place.unit
    stripe.unlock()
  }

  // MARK: End

  /// Gives the target's place back, so that another can be looked for.
  func loseRoom(of copy: CopyInProgress) {
    let volume = unsafe volume(of: copy.target)
    let (unit, slot) = unsafe (copy.target.pointee.unit, index.slot(of: copy.target))
    let stripe = unsafe index.stripe(of: copy.target)
    stripe.lock()
    unsafe copy.target.pointee.unit = PageEntry.noUnit
    stripe.unlock()
    volume.giveBack(unit, volume.unitCount(copy.length), of: slot)
  }

  /// Ends `copy` without a target.
  func abandon(_ copy: CopyInProgress) {
    let stripe = unsafe index.stripe(of: copy.target)
    stripe.lock()
    unsafe stripe.state.pointee.counters.moving -= 1
    unsafe giveBack(copy.target, in: stripe, length: copy.length)
    stripe.unlock()
    releaseHolder()
    unsafe release(copy.source, generation: copy.sourceGeneration)
  }

  /// Ends `copy` without a target once a device is done with its two ends; until then nobody else gets them.
  func abandon(_ copy: CopyInProgress, after hold: DeviceHold) {
    // The entries' count keeps the core alive.
    hold.whenReturned { [unowned self] in abandon(copy) }
  }

  /// Ends a save: the target is behind the source, which may leave from now on.
  ///
  /// Returns false when the page was dropped meanwhile.
  func finishSave(_ copy: CopyInProgress, root: UInt32) -> Bool {
    let stripe = unsafe index.stripe(of: copy.source)
    let tick = now
    stripe.lock()
    guard unsafe copy.source.pointee.current.isResident else {
      stripe.unlock()
      abandon(copy)
      return false
    }
    inheritTraits(copy)
    record(copy, root: root)
    unsafe copy.target.pointee.aux = root
    unsafe copy.target.pointee.flags.insert(.behind)
    unsafe stripe.state.pointee.counters.behind += 1
    unsafe settle(copy.target, in: stripe, tick)
    unsafe copy.source.pointee.aux = index.slot(of: copy.target)
    unsafe copy.source.pointee.flags.remove(.unsaved)
    unsafe list(copy.source, in: stripe, tick)
    stripe.unlock()
    unsafe release(copy.source, generation: copy.sourceGeneration)
    return true
  }

  /// Ends a save that no disk took: the page stays in memory until its turn to leave.
  func giveUpSave(_ copy: CopyInProgress) {
    let stripe = unsafe index.stripe(of: copy.source)
    stripe.lock()
    if unsafe copy.source.pointee.current.isResident {
      unsafe copy.source.pointee.flags.remove(.unsaved)
      unsafe list(copy.source, in: stripe, now)
    }
    stripe.unlock()
    abandon(copy)
  }

  /// Ends a promotion: the target, in memory, is seen, with the source behind it.
  func finishPromotion(_ copy: CopyInProgress) -> Bool {
    let stripe = unsafe index.stripe(of: copy.source)
    let tick = now
    stripe.lock()
    guard unsafe copy.source.pointee.current.isResident,
      unsafe !copy.source.pointee.flags.contains(.behind)
    else {
      stripe.unlock()
      abandon(copy)
      return false
    }
    inheritTraits(copy)
    unsafe stripe.remove(copy.source)
    unsafe copy.source.pointee.flags.insert(.behind)
    unsafe copy.source.pointee.flags.remove(.promoting)
    unsafe stripe.state.pointee.counters.behind += 1
    unsafe copy.target.pointee.aux = index.slot(of: copy.source)
    unsafe settle(copy.target, in: stripe, tick)
    unsafe stripe.insert(copy.target, PageIndex.hash(copy.target, seed: index.seed))
    stripe.unlock()
    unsafe release(copy.source, generation: copy.sourceGeneration)
    return true
  }

  /// Ends a demotion: the target takes the source's part, and the source leaves.
  func finishDemotion(_ copy: CopyInProgress, root: UInt32) -> Bool {
    let stripe = unsafe index.stripe(of: copy.source)
    let tick = now
    stripe.lock()
    guard unsafe copy.source.pointee.current.isResident else {
      stripe.unlock()
      abandon(copy)
      return false
    }
    inheritTraits(copy)
    record(copy, root: root)
    unsafe copy.target.pointee.aux = root
    if unsafe copy.source.pointee.flags.contains(.behind) {
      let front = unsafe front(of: copy.source, in: stripe)
      unsafe front.pointee.aux = index.slot(of: copy.target)
      unsafe copy.target.pointee.flags.insert(.behind)
      unsafe copy.source.pointee.flags.remove(.behind)
    } else {
      unsafe stripe.remove(copy.source)
      unsafe stripe.insert(copy.target, PageIndex.hash(copy.target, seed: index.seed))
    }
    unsafe settle(copy.target, in: stripe, tick)
    unsafe retire(copy.source, in: stripe)
    stripe.unlock()
    unsafe release(copy.source, generation: copy.sourceGeneration)
    return true
  }

  /// Gives the target the traits that its source has by now; they may have changed while bytes were copied.
  private func inheritTraits(_ copy: CopyInProgress) {
    let flags = unsafe copy.source.pointee.flags
    unsafe copy.target.pointee.flags.priority = flags.priority
    if flags.contains(.pinned) {
      unsafe copy.target.pointee.flags.insert(.pinned)
    } else {
      unsafe copy.target.pointee.flags.remove(.pinned)
    }
  }

  /// Makes a target that has its bytes resident, and puts it in the order of leaving.
  private func settle(
    _ target: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe, _ tick: UInt64
  ) {
    unsafe stripe.state.pointee.counters.moving -= 1
    unsafe target.pointee.flags.remove(.moving)
    tasks.copies.add(1, to: unsafe Int(target.pointee.volume))
    let word = unsafe target.pointee.current.raw & ~PageWord.filling | PageWord.resident
    unsafe target.pointee.word.store(word - 1, ordering: .releasing)
    unsafe list(target, in: stripe, tick)
  }

  /// Makes a copy that another has replaced leave when its last pin goes; one is held.
  private func retire(_ entry: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe) {
    unsafe stripe.unlink(entry)
    unsafe endDoubt(entry)
    tasks.copies.add(-1, to: unsafe Int(entry.pointee.volume))
    let flip = PageWord.resident | PageWord.doomed
    unsafe entry.pointee.word.bitwiseXor(flip, ordering: .acquiringAndReleasing)
    unsafe stripe.state.pointee.counters.doomed += 1
    unsafe stripe.state.pointee.counters.doomedBytes += Int64(entry.pointee.current.length)
  }

  /// Remembers across restarts where the target of `copy` lies.
  private func record(_ copy: CopyInProgress, root: UInt32) {
    let disk = unsafe disk(of: copy.target)
    disk.record(
      StoredPage(
        unit: unsafe copy.target.pointee.unit, key: copy.key, length: copy.length, root: root,
        sequence: disk.nextSequence(), filledAt: options.wallClock()))
  }
}
