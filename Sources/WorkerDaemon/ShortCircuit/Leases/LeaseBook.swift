// The leases of one connection.
//
//   slot    word in the table (clients map it)        behind it
//   0       generation 3 · live                       pin on a page of the store
//   1       generation 9 · ended                      nothing
//   2       generation 1 · live                       units of the window
//
// The order that everything rests on is in one function, `end`: first the word changes, then the memory goes. No clock and
// no I/O: the times are the caller's, so that a model can play with them.

import LocalWire
import PageStore
import Ring

/// The lease table of one connection and what its leases hold; confined to its ring.
final class LeaseBook {
  /// Bounds of a connection's leases.
  struct Limits {
    /// Slots of the table.
    var slots: Int
    /// Bytes of pages in the store that may be leased.
    var share: Int
    /// Nanoseconds after which a lease ends unless it is renewed.
    var term: UInt64
    /// Nanoseconds after which it ends in any case.
    var holdMax: UInt64
  }

  /// A lease, or why there is none.
  enum Grant: Equatable {
    /// The lease, and where its bytes lie.
    case leased(LeaseMark, region: UInt16, offset: UInt64, count: UInt32)
    /// No lease.
    case refused(LocalCode)
  }

  private struct Slot {
    /// The generation that was given last; 0 before the first.
    var generation: UInt32 = 0
    var held: HeldPage?
  }

  /// The table; the client has its descriptor.
  let table: SealedMemory
  /// Copies of pages; nil without one.
  let window: LeaseWindow?
  /// The words of the table.
  let words: LeaseWords
  /// Bounds that hold.
  let limits: Limits
  private let memory: LeasedMemory
  private var slots: [Slot] = []
  private var free: [UInt32] = []
  /// Slots that have had a lease.
  var slotCount: Int { slots.count }
  /// Leases held.
  private(set) var heldCount = 0
  /// Bytes of pages in the store that are leased.
  private(set) var sharedBytes = 0
  /// No lease is due before this, in monotonic nanoseconds.
  private(set) var nextDeadline = UInt64.max
  private var isClosed = false

  /// A book with an empty table.
  ///
  /// - Throws: What the kernel says.
  convenience init(
    _ limits: Limits, memory: LeasedMemory, window: LeaseWindow?
  ) throws(RingError) {
    let table = try SealedMemory(
      name: "penstock-leases", size: max(1, limits.slots) * LeaseWord.size)
    self.init(limits, memory: memory, table: table, window: window)
  }

  /// A book with `table`, which nobody has used and which has room for all slots.
  init(_ limits: Limits, memory: LeasedMemory, table: SealedMemory, window: LeaseWindow?) {
    precondition((1...LeaseMark.countMax).contains(limits.slots), "a table has slots")
    precondition(table.size >= limits.slots * LeaseWord.size, "the table has room")
    self.table = table
    unsafe words = LeaseWords(table.base, count: limits.slots)
    self.limits = limits
    self.memory = memory
    self.window = window
  }

  deinit { endAll() }

  // MARK: Giving

  /// Leases a page of the store, at `now`.
  func give(_ lease: consuming PageLease, now: UInt64) -> Grant {
    let count = lease.count
    guard let address = unsafe lease.bytes.baseAddress,
      let place = unsafe memory.place(of: address)
    else { return .refused(.other) }
    guard !isClosed, sharedBytes + count <= limits.share else { return .refused(.noRoom) }
    guard let slot = takeSlot() else { return .refused(.noSlot) }
    guard unsafe memory.enter(address) else {
      free.append(slot)
      return .refused(.noRoom)
    }
    sharedBytes += count
    let mark = begin(slot, HeldPage(lease, now: now), now)
    return .leased(mark, region: place.region, offset: place.offset, count: UInt32(clamping: count))
  }

  /// Leases `count` bytes that were put into `units` of the window, which belong to the lease from now on.
  func give(_ units: Range<Int>, count: Int, now: UInt64) -> Grant {
    guard !isClosed, let slot = takeSlot() else {
      window?.giveBack(units)
      return .refused(isClosed ? .stopping : .noSlot)
    }
    let mark = begin(slot, HeldPage(units: units, count: count, now: now), now)
    return .leased(
      mark, region: 0, offset: UInt64(units.lowerBound * LeaseWindow.unitSize),
      count: UInt32(clamping: count))
  }

  /// Whether a slot is free, so that work for a lease is not in vain.
  var hasSlot: Bool { !isClosed && (!free.isEmpty || slots.count < limits.slots) }

  private func takeSlot() -> UInt32? {
    if let slot = free.popLast() { return slot }
    guard slots.count < limits.slots else { return nil }
    slots.append(Slot())
    return UInt32(slots.count - 1)
  }

  private func begin(_ slot: UInt32, _ held: HeldPage, _ now: UInt64) -> LeaseMark {
    let generation = slots[Int(slot)].generation + 1
    slots[Int(slot)] = Slot(generation: generation, held: held)
    heldCount += 1
    nextDeadline = min(nextDeadline, deadline(of: held))
    words.store(LeaseWord.live(generation), at: slot)
    return LeaseMark(slot: slot, generation: generation)
  }

  // MARK: Ending

  /// Ends the lease of `slot`: the word first, then what it held.
  ///
  /// The store's memory is given to nobody before its pin goes, which happens behind a word that every client can see
  /// by then. A reader that copied bytes and finds the word as it was has therefore seen the page's bytes alone.
  private func end(_ slot: Int) {
    guard let held = slots[slot].held else { return }
    let generation = slots[slot].generation
    words.store(LeaseWord.ended(generation), at: UInt32(slot))
    slots[slot].held = nil
    heldCount -= 1
    if let address = unsafe held.address {
      sharedBytes -= held.count
      held.letGo()
      unsafe memory.leave(address)
    } else {
      window?.giveBack(held.units)
    }
    // A generation is used once: a slot that has used all of them stays empty.
    if generation < .max { free.append(UInt32(slot)) }
  }

  private func isHeld(_ mark: LeaseMark) -> Bool {
    guard Int(mark.slot) < slots.count else { return false }
    let slot = slots[Int(mark.slot)]
    return slot.generation == mark.generation && slot.held != nil
  }

  /// Ends those of `marks` that are held, and ignores the others; returns how many ended.
  @discardableResult
  func end(_ marks: [LeaseMark]) -> Int {
    var count = 0
    for mark in marks where isHeld(mark) {
      end(Int(mark.slot))
      count += 1
    }
    return count
  }

  /// Ends all leases, and gives no more; returns how many ended.
  @discardableResult
  func endAll() -> Int {
    isClosed = true
    let count = heldCount
    for slot in slots.indices { end(slot) }
    nextDeadline = .max
    return count
  }

  // MARK: Time

  private func deadline(of held: HeldPage) -> UInt64 {
    let term = held.renewedAt.addingReportingOverflow(limits.term)
    let hold = held.givenAt.addingReportingOverflow(limits.holdMax)
    return min(term.overflow ? .max : term.partialValue, hold.overflow ? .max : hold.partialValue)
  }

  /// Gives those of `marks` that are held another term from `now` on, or all when there are none.
  func renew(_ marks: [LeaseMark], now: UInt64) {
    if marks.isEmpty {
      for slot in slots { slot.held?.renewedAt = now }
    } else {
      for mark in marks where isHeld(mark) { slots[Int(mark.slot)].held?.renewedAt = now }
    }
  }

  /// Ends the leases whose term or longest hold is over at `now`, and says which.
  func expire(now: UInt64) -> (term: [LeaseMark], hold: [LeaseMark]) {
    guard now >= nextDeadline else { return ([], []) }
    var (term, hold): ([LeaseMark], [LeaseMark]) = ([], [])
    var next = UInt64.max
    for slot in slots.indices {
      guard let held = slots[slot].held else { continue }
      let due = deadline(of: held)
      guard due <= now else {
        next = min(next, due)
        continue
      }
      let mark = LeaseMark(slot: UInt32(slot), generation: slots[slot].generation)
      let isHold = held.givenAt.addingReportingOverflow(limits.holdMax).partialValue <= now
      if isHold { hold.append(mark) } else { term.append(mark) }
      end(slot)
    }
    nextDeadline = next
    return (term, hold)
  }

  // MARK: Memory that is wanted back

  /// Leases on pages of the store that are to be given back: those that the store has no other use for, or, when there are
  /// none, the older half; each is named once, and counts as asked for at `now`.
  func want(now: UInt64) -> [LeaseMark] {
    var doomed: [LeaseMark] = []
    var others: [(mark: LeaseMark, givenAt: UInt64)] = []
    for slot in slots.indices {
      guard let held = slots[slot].held, held.wantedAt == nil, unsafe held.address != nil else {
        continue
      }
      let mark = LeaseMark(slot: UInt32(slot), generation: slots[slot].generation)
      if held.isDoomed { doomed.append(mark) } else { others.append((mark, held.givenAt)) }
    }
    var wanted = doomed
    if doomed.isEmpty {
      others.sort { $0.givenAt < $1.givenAt }
      wanted = others.prefix((others.count + 1) / 2).map(\.mark)
    }
    for mark in wanted { slots[Int(mark.slot)].held?.wantedAt = now }
    return wanted
  }

  /// Ends those of `marks` that are held still, and says which.
  func revoke(_ marks: [LeaseMark]) -> [LeaseMark] {
    let held = marks.filter(isHeld)
    end(held)
    return held
  }

  /// The leases that are held.
  var marks: [LeaseMark] {
    slots.indices.compactMap { slot in
      slots[slot].held.map { _ in
        LeaseMark(slot: UInt32(slot), generation: slots[slot].generation)
      }
    }
  }

  // MARK: Checks

  /// What must hold at any time; O(slots), for tests.
  func checkInvariants() {
    let held = slots.compactMap(\.held)
    precondition(held.count == heldCount, "leases are counted")
    let shared = held.filter { unsafe $0.address != nil }
    precondition(shared.reduce(0) { $0 + $1.count } == sharedBytes, "bytes are counted")
    precondition(sharedBytes <= limits.share, "a share is kept")
    let units = held.reduce(0) { $0 + $1.units.count }
    precondition(units <= window?.takenCount ?? 0, "units of leases are taken")
    for (index, slot) in slots.enumerated() {
      let mark = LeaseMark(slot: UInt32(index), generation: slot.generation)
      precondition(words.isLive(mark) == (slot.held != nil), "words tell what is held")
    }
  }
}
