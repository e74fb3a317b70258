// The memory tier's volume: one NUMA node's arena. A unit's address is the arena's base plus its number times 4096.
//
// Memory is made resident 2 MiB (or one page) at a time by the thread that finds no run, under a lock of its own: readers
// and givers-back never wait for it. `prepare` does the same ahead of need from a background thread.

import Ring
import Synchronization

/// Space in one arena.
@safe final class MemoryVolume: Volume, @unchecked Sendable {
  let tier = Tier.mem
  let node: Int
  let unitCount: UInt32
  let quota: Int
  let acceptsPages = true
  private let arena: Arena
  private let pageSize: Int
  private let growth = Lock()
  private let lock = Lock()
  // SAFETY: guarded by `lock`.
  private var space: RunAllocator
  private let usedUnits = Atomic<Int>(0)
  private let readyBytes = Atomic<Int>(0)
  private let isRefused = Atomic<Bool>(false)

  /// A volume over `arena`.
  ///
  /// - Throws: `capacityTooSmall`, `memoryUnavailable`.
  init(arena: Arena, pageSize: Int, slotCount: Int) throws(PageStoreError) {
    let blockCount = arena.capacity / pageSize
    guard blockCount > 0 else {
      throw PageStoreError(.capacityTooSmall, operation: "pageStore.open")
    }
    self.arena = arena
    self.pageSize = pageSize
    node = arena.node
    quota = blockCount * pageSize
    unitCount = UInt32(quota / RunAllocator.unitSize)
    space = try RunAllocator(
      blockCount: blockCount, unitsPerBlock: pageSize / RunAllocator.unitSize,
      slotCount: slotCount)
  }

  var used: Int { usedUnits.load(ordering: .relaxed) * RunAllocator.unitSize }
  var ready: Int { readyBytes.load(ordering: .relaxed) }

  func unitCount(_ length: Int) -> Int {
    (length + RunAllocator.unitSize - 1) / RunAllocator.unitSize
  }

  func block(of unit: UInt32) -> Int { Int(unit) * RunAllocator.unitSize / pageSize }

  func take(_ count: Int, for slot: UInt32) -> UInt32? {
    if let unit = takeReady(count, for: slot) { return unit }
    guard ready < quota, !isRefused.load(ordering: .relaxed) else { return nil }
    return growth.withLock {
      while true {
        // Who waited for the lock finds what the other made ready.
        if let unit = takeReady(count, for: slot) { return unit }
        guard ready < quota, growOnce() else { return nil }
      }
    }
  }

  func giveBack(_ unit: UInt32, _ count: Int, of slot: UInt32) {
    lock.withLock {
      space.giveBack(unit, count, of: slot)
      usedUnits.store(space.usedUnits, ordering: .relaxed)
    }
  }

  func slots(besides unit: UInt32, into buffer: UnsafeMutableBufferPointer<UInt32>) -> Int {
    lock.withLock { unsafe space.slots(besides: unit, into: buffer) }
  }

  func prepare(_ count: Int) -> Bool {
    growth.withLock {
      isRefused.store(false, ordering: .relaxed)
      while ready < quota, ready - used < count {
        guard growOnce() else { return false }
      }
      return true
    }
  }

  /// True when all of the quota is resident.
  var isWhole: Bool { ready >= quota }

  /// True when `count` bytes are resident and unused, or all of the quota is resident.
  func hasReady(_ count: Int) -> Bool { isWhole || ready - used >= count }

  /// Makes the next chunk resident; returns its bytes, 0 when the quota is reached or the kernel refused.
  func prepareChunk() -> Int {
    growth.withLock {
      let before = ready
      isRefused.store(false, ordering: .relaxed)
      guard before < quota, growOnce() else { return 0 }
      return ready - before
    }
  }

  func summarize() -> RunAllocator.Summary { lock.withLock { space.summarize() } }

  private func takeReady(_ count: Int, for slot: UInt32) -> UInt32? {
    lock.withLock {
      guard let unit = space.take(count, for: slot) else { return nil }
      usedUnits.store(space.usedUnits, ordering: .relaxed)
      return unit
    }
  }

  /// Makes the next chunk resident; called under `growth`.
  ///
  /// False when the kernel has no memory.
  private func growOnce() -> Bool {
    let step = max(Arena.chunkSize, pageSize)
    let end = min(ready + step, quota)
    do {
      let committed = min(try arena.commit(upTo: end), quota)
      lock.withLock { space.addBlocks(upTo: committed / pageSize) }
      readyBytes.store(committed / pageSize * pageSize, ordering: .relaxed)
      return true
    } catch {
      // Expected at a control group's limit: the store lives on with what it has, until `prepare` tries again.
      isRefused.store(true, ordering: .relaxed)
      return false
    }
  }
}
