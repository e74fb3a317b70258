// What is known not to be there: paths for which the UFS itself said "not found", for a short while.
//
// Clients ask again and again for what does not exist yet (markers, alternative spellings). Only an answer makes an entry,
// never an outage; a change made through this worker at the path, above or below it ends it at once.

import Model
import Synchronization

/// A bounded memory of absent paths.
final class AbsenceTable: Sendable {
  private struct Entry {
    let path: String
    let foundAt: UInt64
    let validity: UInt64
    let generation: UInt64

    var size: Int { AbsenceTable.entrySize + path.utf8.count }
  }

  private struct State {
    var entries: [FileID: Entry] = [:]
    var bytes = 0
    /// Grows with each change made here: an answer asked for before one is not kept.
    var epoch: UInt64 = 0

    mutating func remove(_ id: FileID) {
      guard let entry = entries.removeValue(forKey: id) else { return }
      bytes -= entry.size
    }
  }

  /// Bytes of an entry besides its path, about.
  private static let entrySize = 128

  private let state = Mutex(State())
  private let validityMax: UInt64
  private let countMax: Int
  private let bytesMax: Int

  /// A table of `countMax` paths, each believed for `validityMax` nanoseconds at most; 0 remembers nothing.
  init(validityMax: UInt64, countMax: Int = 10_000, bytesMax: Int = 4 << 20) {
    self.validityMax = validityMax
    self.countMax = countMax
    self.bytesMax = bytesMax
  }

  /// What `insert` wants to know: taken before the UFS is asked.
  var epoch: UInt64 { state.withLock { $0.epoch } }

  /// Paths remembered, and their bytes.
  var size: (count: Int, bytes: Int) { state.withLock { ($0.entries.count, $0.bytes) } }

  /// Whether `id` was found absent lately, under the rules of `generation`.
  func contains(_ id: FileID, now: UInt64, generation: UInt64) -> Bool {
    guard validityMax > 0 else { return false }
    return state.withLock { state in
      guard let entry = state.entries[id] else { return false }
      if entry.generation == generation, now < entry.foundAt || now - entry.foundAt < entry.validity
      {
        return true
      }
      state.remove(id)
      return false
    }
  }

  /// Remembers that the UFS, asked at `now` and after `epoch` was taken, said that nothing is at `path`.
  func insert(_ id: FileID, path: String, now: UInt64, epoch: UInt64, under decision: RuleDecision)
  {
    let validity = min(validityMax, decision.dataValidity, decision.metadataValidity)
    guard validity > 0 else { return }
    let entry = Entry(
      path: path, foundAt: now, validity: validity, generation: decision.generation)
    state.withLock { state in
      guard state.epoch == epoch, entry.size <= bytesMax / 16 else { return }
      state.remove(id)
      while state.entries.count >= countMax || state.bytes + entry.size > bytesMax {
        // Dictionary order is as good as random.
        for victim in Array(state.entries.keys.prefix(max(1, countMax / 16))) {
          state.remove(victim)
        }
      }
      state.entries[id] = entry
      state.bytes += entry.size
    }
  }

  /// Forgets `path` and the directories above it, with `tree` also all below it: something was changed there.
  func forget(_ path: String, tree: Bool) {
    guard validityMax > 0 else { return }
    let ids = ([path] + ancestors(ofUFSPath: path)).map { FileID(ufsPath: $0) }
    state.withLock { state in
      state.epoch += 1
      for id in ids { state.remove(id) }
      guard tree else { return }
      for (id, entry) in state.entries where lies(ufsPath: entry.path, in: path) {
        state.remove(id)
      }
    }
  }
}
