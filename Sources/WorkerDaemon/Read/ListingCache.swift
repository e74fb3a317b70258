// Listings of directories, bounded in entries and bytes, with one listing per directory in flight.
//
//   list ─▶ fresh in memory? ──yes──▶ replay
//              └─no─▶ in flight? ──yes──▶ wait, look again
//                        └─no─▶ ask the UFS ─▶ whole and not spoiled? ─▶ keep
//
// A change made through this worker drops the listings of the path, of all directories above it (they may have been made on
// the way) and, for trees, below it; and it *spoils* those in flight, which are given out once and not kept.

import Model
import Synchronization
import UFS

/// The cached listings of a worker.
final class ListingCache: Sendable {
  /// Bounds of the cache.
  struct Bounds: Sendable {
    /// Entries kept, all listings together; 0 keeps none.
    var entryCountMax = 100_000
    /// Bytes kept.
    var bytesMax = 16 << 20
    /// Nanoseconds that a listing is kept, whatever the rules say.
    var lifeMax: UInt64 = 48 * 3600 * 1_000_000_000
    /// Entries of one listing; a longer one streams past the cache.
    var listingCountMax: Int { min(10_000, entryCountMax / 4) }
    /// Bytes of one listing.
    var listingBytesMax: Int { bytesMax / 4 }
  }

  /// What a caller that wants a listing does next.
  enum Turn {
    /// It takes this one.
    case found(CachedListing)
    /// It asks the UFS, and calls `finish` whatever the outcome.
    case ask
    /// Another caller has asked meanwhile; look again.
    case lookAgain
    /// The directory was too long to keep: it asks the UFS and tells nobody.
    case askAlone
  }

  private struct Pending {
    let path: String
    var isSpoiled = false
    var waiting: [QuestionWaiter] = []
  }

  private struct State {
    var listings: [FileID: CachedListing] = [:]
    var pending: [FileID: Pending] = [:]
    /// Directories found too long, and when.
    var long: [FileID: UInt64] = [:]
    var entryCount = 0
    var bytes = 0

    func isPending(_ id: FileID) -> Bool { pending.index(forKey: id) != nil }

    mutating func remove(_ id: FileID) {
      guard let listing = listings.removeValue(forKey: id) else { return }
      entryCount -= listing.entries.count
      bytes -= listing.size
    }
  }

  /// Directories remembered as too long, and for how long.
  private static let longCountMax = 1024
  private static let longTime: UInt64 = 60_000_000_000

  let bounds: Bounds
  private let state = Mutex(State())

  /// An empty cache.
  init(_ bounds: Bounds = Bounds()) { self.bounds = bounds }

  /// Whether it keeps anything.
  var isOn: Bool { bounds.listingCountMax > 0 && bounds.listingBytesMax > 0 }

  /// Listings kept, their entries and their bytes.
  var size: (count: Int, entries: Int, bytes: Int) {
    state.withLock { ($0.listings.count, $0.entryCount, $0.bytes) }
  }

  /// Finds the listing of the directory `id`, or the caller's turn to ask for it.
  func turn(for id: FileID, path: String, now: UInt64, generation: UInt64) async -> Turn {
    let turn: Turn = state.withLock { state in
      if let listing = state.listings[id] {
        if listing.isFresh(now: now, generation: generation) { return .found(listing) }
        state.remove(id)
      }
      if state.isPending(id) { return .lookAgain }
      if let foundAt = state.long[id] {
        if now < foundAt || now - foundAt < Self.longTime { return .askAlone }
        state.long[id] = nil
      }
      state.pending[id] = Pending(path: path)
      return .ask
    }
    if case .lookAgain = turn { await wait(for: id) }
    return turn
  }

  /// Waits until the question about `id` is answered, or the task is cancelled.
  private func wait(for id: FileID) async {
    let waiter = QuestionWaiter()
    let waits = state.withLock { state in
      state.pending[id]?.waiting.append(waiter)
      return state.isPending(id)
    }
    guard waits else { return }
    await withTaskCancellationHandler {
      await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
        let suspends = state.withLock { _ in unsafe waiter.suspend(continuation) }
        if !suspends { unsafe continuation.resume() }
      }
    } onCancel: {
      let continuation = unsafe state.withLock { state in
        state.pending[id]?.waiting.removeAll { $0 === waiter }
        return unsafe waiter.end()
      }
      unsafe continuation?.resume()
    }
  }

  /// Ends the turn of `id`: keeps `listing` unless it was spoiled, and lets those look again who waited.
  func finish(_ id: FileID, _ listing: CachedListing?) {
    end(id) { state in
      guard let listing else { return }
      state.remove(id)
      guard listing.validity > 0, listing.size <= self.bounds.listingBytesMax,
        listing.entries.count <= self.bounds.listingCountMax
      else { return }
      while state.entryCount + listing.entries.count > self.bounds.entryCountMax
        || state.bytes + listing.size > self.bounds.bytesMax,
        let victim = state.listings.keys.first
      {
        // Dictionary order is as good as random: cheap, and a scan does not drive out everything.
        state.remove(victim)
      }
      state.listings[id] = listing
      state.entryCount += listing.entries.count
      state.bytes += listing.size
    }
  }

  /// Ends the turn of `id`, a directory too long to keep.
  func finishLong(_ id: FileID, now: UInt64) {
    end(id) { state in
      if state.long.count >= Self.longCountMax { state.long.removeAll() }
      state.long[id] = now
    }
  }

  private func end(_ id: FileID, _ keep: (inout State) -> Void) {
    let waiting = unsafe state.withLock { state in
      let pending = state.pending.removeValue(forKey: id)
      if let pending, !pending.isSpoiled { keep(&state) }
      return unsafe (pending?.waiting ?? []).compactMap { unsafe $0.end() }
    }
    unsafe waiting.forEach { unsafe $0.resume() }
  }

  /// Drops what a change at `path` may have made wrong, with `tree` also below it.
  func forget(_ path: String, tree: Bool) {
    guard isOn else { return }
    let ids = ([path] + ancestors(ofUFSPath: path)).map { FileID(ufsPath: $0) }
    state.withLock { state in
      for id in ids {
        state.remove(id)
        state.pending[id]?.isSpoiled = true
      }
      guard tree else { return }
      for (id, listing) in state.listings where lies(ufsPath: listing.path, in: path) {
        state.remove(id)
      }
      for (id, pending) in state.pending where lies(ufsPath: pending.path, in: path) {
        state.pending[id]?.isSpoiled = true
      }
    }
  }

  /// Drops the listing of the directory above `path` if it gives it another status than the UFS does now.
  ///
  /// `status` is nil when the UFS says that it is gone. O(entries of that listing).
  func contradict(_ path: String, by status: FileStatus?) {
    guard isOn, let directory = ancestors(ofUFSPath: path).first else { return }
    let id = FileID(ufsPath: directory)
    guard let listing = state.withLock({ $0.listings[id] }),
      let entry = listing.entries.first(where: {
        $0.status.ufsPath.utf8.elementsEqual(path.utf8)
      }), entry.status != status
    else { return }
    state.withLock { $0.remove(id) }
  }
}
