// Counting what directories hold, and making room in those that hold too much.

import LocalWire
import Model
import PageStore
import Ring
import Synchronization

extension CachePolicies {
  /// Oldest files of a directory kept in mind while it is counted.
  private static let candidateCountMax = 4096

  /// A file that may leave to make room.
  private struct Candidate {
    var key: FileKey
    var cachedAt: Int64
    var bytes: Int64
  }

  /// Counts what `account`'s directory holds and, unless it `onlyCounts`, drops what is over its limit; blocks.
  func recount(_ account: QuotaAccount, onlyCounts: Bool) {
    survey(account.beginSurvey(), wanting: onlyCounts ? nil : 0, sparing: nil)
  }

  /// Counts what is pinned; blocks.
  func recountPinned() { recount(pinned, onlyCounts: true) }

  /// Counts what an account's directory holds and drops its oldest files until `bytes` more fit; blocks.
  ///
  /// Ends the survey `due`; nil only counts.
  /// Pinned files stay, and the file `spared` that the room is for. Of what is pinned nothing is dropped.
  func survey(_ due: consuming QuotaSurvey, wanting bytes: Int64?, sparing spared: FileKey?) {
    let account = due.account
    let found = account.turn.withLock { _ in
      account === pinned ? countPinned() : count(account, wanting: bytes, sparing: spared)
    }
    due.finish(resident: found.resident, isFutile: found.isFutile, now: monotonicNow())
  }

  private func count(
    _ account: QuotaAccount, wanting bytes: Int64?, sparing spared: FileKey?
  ) -> (resident: Int64, isFutile: Bool) {
    var resident: Int64 = 0
    var candidates: [Candidate] = []
    do throws(CatalogError) {
      try catalog.forEach(account.path) { entry in
        let held = store.residentBytes(of: entry.key)
        guard held > 0 else { return }
        resident += held
        guard entry.key != spared, !decide(entry).isPinned else { return }
        candidates.append(Candidate(key: entry.key, cachedAt: entry.cachedAt, bytes: held))
        if candidates.count >= 2 * Self.candidateCountMax { Self.keepOldest(&candidates) }
      }
    } catch {
      // What cannot be counted is taken for full.
      return (account.limit, true)
    }
    var freed: Int64 = 0
    if let bytes {
      freed = makeRoom(
        account, resident: resident, wanting: bytes, Self.keepOldest(&candidates))
    }
    let isFull = resident - freed + account.inFlight > account.limit - (bytes ?? 0)
    return (resident - freed, isFull && freed == 0)
  }

  @discardableResult
  private static func keepOldest(_ candidates: inout [Candidate]) -> [Candidate] {
    candidates.sort { $0.cachedAt < $1.cachedAt }
    if candidates.count > candidateCountMax {
      candidates.removeLast(candidates.count - candidateCountMax)
    }
    return candidates
  }

  /// Drops `candidates` in their order until the directory has room and some to spare; returns the bytes.
  private func makeRoom(
    _ account: QuotaAccount, resident: Int64, wanting bytes: Int64, _ candidates: [Candidate]
  ) -> Int64 {
    let limit = account.limit
    let used = resident + account.inFlight
    guard used > limit - bytes else { return 0 }
    // A sixteenth to spare: not every page is to cost a survey.
    let target = max(0, limit - bytes - limit / 16)
    var freed: Int64 = 0
    var files: UInt64 = 0
    for candidate in candidates where used - freed > target {
      catalog.remove(candidate.key)
      freed += Int64(store.drop(candidate.key))
      watch.end(candidate.key, .freed)
      files += 1
    }
    counters.update {
      $0.quotaFiles += files
      $0.quotaBytes += UInt64(max(0, freed))
    }
    return freed
  }

  /// Drops what directories hold beyond their quotas; blocks.
  func enforceQuotas() {
    guard book.options.isQuotaEnabled else { return }
    for (path, _) in book.rules.quotas.sorted {
      if let account = book.account(of: path) { recount(account, onlyCounts: false) }
    }
  }

  private func countPinned() -> (resident: Int64, isFutile: Bool) {
    do throws(CatalogError) {
      let bytes = try residentBytes(at: outermostPins)
      return (bytes, bytes >= pinned.limit)
    } catch { return (pinned.limit, true) }
  }

  /// The pinned paths that lie below no other.
  private var outermostPins: [RulePath] {
    var paths: [RulePath] = []
    for (path, _) in book.rules.pins.sorted where !paths.contains(where: { $0.contains(path) }) {
      paths.append(path)
    }
    return paths
  }

  /// Cached bytes of the files at `paths` and below, which do not lie in each other; blocks.
  ///
  /// - Throws: when the catalog cannot be read.
  func residentBytes(at paths: [RulePath]) throws(CatalogError) -> Int64 {
    var sum: Int64 = 0
    for path in paths {
      try catalog.forEach(path) { sum += store.residentBytes(of: $0.key) }
    }
    return sum
  }
}
