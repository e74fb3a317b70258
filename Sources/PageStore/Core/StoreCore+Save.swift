// Write-behind: pages in memory get a copy on the best disk that takes them.

import Model
import Synchronization

extension StoreCore {
  /// Disks of one tier that a page is tried on.
  private static let attemptsPerTierMax = 3

  /// Queues a page that became resident in memory to be written below.
  func queueUnsaved(_ page: UnsavedPage) {
    if tasks.unsaved.put(page) { return }
    // Closed: the page will not be written any more.
    keepUnsaved(page.name)
    endSave()
  }

  /// What became of one attempt to save a page.
  private enum Save {
    /// The page has a copy below, or was dropped meanwhile.
    case done
    /// No disk took it.
    case refused
    /// A disk does not answer; the copy ends when it does.
    case stuck
  }

  /// Writes `page` below, when it is still there, near the NUMA node that its memory is on; suspends.
  ///
  /// A disk that hangs keeps the page in memory until it answers, while the page is written to another.
  func save(_ page: UnsavedPage) async {
    defer { endSave() }
    for _ in 0...disks.count {
      let copy = unsafe beginCopy(of: page.name) { unsafe $0.pointee.flags.contains(.unsaved) }
      guard let copy else { break }
      switch await save(copy, page.sums) {
      case .done: return
      case .refused:
        tasks.counters.unsavable.add(1, ordering: .relaxed)
        return giveUpSave(copy)
      case .stuck: continue
      }
    }
    keepUnsaved(page.name)
  }

  private func save(_ copy: CopyInProgress, _ sums: [UInt32]) async -> Save {
    let home = unsafe node(of: copy.source)
    var attempts = Array(repeating: StoreCore.attemptsPerTierMax, count: tiers.count)
    while let tier = placeBelow(copy, near: home, attempts) {
      attempts[tier] -= 1
      switch await write(copy, sums) {
      case .written(let root):
        if finishSave(copy, root: root) {
          tasks.counters.saved.add(1, ordering: .relaxed)
          tasks.counters.savedBytes.add(copy.length, ordering: .relaxed)
        }
        return .done
      case .failed: loseRoom(of: copy)
      case .stuck(let hold):
        abandon(copy, after: hold)
        return .stuck
      }
    }
    return .refused
  }

  /// Gives the target of `copy` a place in a disk tier that has `attempts` left, and returns the tier.
  ///
  /// The first tier with free room takes it. Only when none has any do pages leave for it, from the lowest tier that lets
  /// some go: what lies higher up is worth more than what lies there.
  private func placeBelow(_ copy: CopyInProgress, near home: Int, _ attempts: [Int]) -> Int? {
    let below = tiers.indices.dropFirst().filter { attempts[$0] > 0 }
    return below.first { takeRoom(for: copy, in: $0, near: home) }
      ?? below.last { makeRoom(for: copy, in: $0, near: home) }
  }

  /// Writes the source of `copy`, in memory, to the place of its target.
  private func write(_ copy: CopyInProgress, _ sums: [UInt32]) async -> DiskWrite {
    let bytes = unsafe UnsafeMutableRawBufferPointer(
      start: address(of: copy.source), count: copy.length)
    return await unsafe disk(of: copy.target).write(
      bytes, key: copy.key, at: copy.target.pointee.unit, sums: sums)
  }

  /// Lets the page of `name` leave memory without a copy below, when it is still there.
  private func keepUnsaved(_ name: CopyName) {
    let entry = unsafe index.entry(at: name.slot)
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    let word = unsafe entry.pointee.current
    if word.isResident, word.generation == name.generation,
      unsafe entry.pointee.flags.contains(.unsaved)
    {
      unsafe entry.pointee.flags.remove(.unsaved)
      unsafe list(entry, in: stripe, now)
    }
    stripe.unlock()
  }

  private func endSave() {
    tasks.unsavedCount.subtract(1, ordering: .releasing)
    tasks.room.happen()
  }
}
