// The cached records of files, by identity: lock-striped, bounded, with one status request per file in flight.
//
//   SHA-256 of the path ──▶ stripe { id → record } ── full ──▶ a quarter of the stripe leaves
//
// The key is the digest of the path's bytes, not the path: Swift compares strings by canonical equivalence, and two
// names that differ only in their composition are two files.

package import Model
import Synchronization

/// Records by the identity of their path.
package final class FileTable: Sendable {
  /// One stripe's part.
  private struct Part {
    var records: [FileID: FileRecord] = [:]
    /// Grows with each removal: a status asked for before one must not be kept after it.
    var epoch: UInt64 = 0
    /// Tasks that wait for a status request in flight.
    var waiting: [FileID: [QuestionWaiter]] = [:]
  }

  /// What a caller that needs a status does next.
  package enum Turn {
    /// It asks the UFS, and calls `finish` whatever the outcome.
    case ask
    /// Another caller has asked meanwhile; look again.
    case lookAgain
    /// The task was cancelled while it waited for another's question.
    case cancelled
  }

  private final class Stripe: Sendable {
    let part = Mutex<Part>(Part())
  }

  private let stripes: [Stripe]
  private let countMaxPerStripe: Int

  /// A table of at most about `countMax` records.
  package init(countMax: Int) {
    precondition(countMax > 0, "a table holds a record")
    stripes = (0..<64).map { _ in Stripe() }
    countMaxPerStripe = max(16, countMax / 64)
  }

  private func stripe(_ id: FileID) -> Stripe {
    stripes[Self.place(of: id, in: stripes.count)]
  }

  /// The record of the file `id`, fresh or not.
  package func record(of id: FileID) -> FileRecord? {
    stripe(id).part.withLock { $0.records[id] }
  }

  /// What `insert` wants to know for any file: taken before the UFS is asked for many.
  struct Epochs: Sendable {
    fileprivate let values: [UInt64]

    /// The epoch that holds for `id`.
    subscript(id: FileID) -> UInt64 { values[FileTable.place(of: id, in: values.count)] }
  }

  /// The epochs of all files.
  ///
  /// 64 locks, one at a time.
  func epochs() -> Epochs { Epochs(values: stripes.map { $0.part.withLock { $0.epoch } }) }

  private static func place(of id: FileID, in count: Int) -> Int {
    Int(id.digest.words.1 % UInt64(count))
  }

  /// What `insert` wants to know: taken before the UFS is asked.
  package func epoch(of id: FileID) -> UInt64 { stripe(id).part.withLock { $0.epoch } }

  /// Remembers `record` under its path and returns the one that it replaces.
  ///
  /// Does nothing when something near was removed since `epoch`: the record may be older than that change.
  @discardableResult
  package func insert(
    _ record: FileRecord, epoch: UInt64
  ) -> (isKept: Bool, replaced: FileRecord?) {
    let id = record.id
    return stripe(id).part.withLock { part in
      guard part.epoch == epoch else { return (false, nil) }
      if part.records.count >= countMaxPerStripe, part.records[id] == nil {
        // Dictionary order is as good as random: a cheap, scan-resistant victim choice for small entries.
        for victim in part.records.keys.prefix(countMaxPerStripe / 4) {
          part.records.removeValue(forKey: victim)
        }
      }
      return (true, part.records.updateValue(record, forKey: id))
    }
  }

  /// Forgets the file `id`; holders of the record ask the UFS before they use it again.
  ///
  /// Returns the record.
  @discardableResult
  package func remove(_ id: FileID) -> FileRecord? {
    let record = stripe(id).part.withLock { part in
      part.epoch += 1
      return part.records.removeValue(forKey: id)
    }
    record?.drop()
    return record
  }

  /// Forgets every path below the directory `path`, and `path` itself.
  ///
  /// Returns the records. O(records).
  package func removeTree(_ path: String) -> [FileRecord] {
    var removed: [FileRecord] = []
    for stripe in stripes {
      removed += stripe.part.withLock { part in
        part.epoch += 1
        let ids = part.records.values.filter { lies(ufsPath: $0.status.ufsPath, in: path) }
          .map(\.id)
        return ids.compactMap { part.records.removeValue(forKey: $0) }
      }
    }
    for record in removed { record.drop() }
    return removed
  }

  /// Number of records and their bytes, about; O(records).
  var size: (count: Int, bytes: Int) {
    stripes.reduce(into: (count: 0, bytes: 0)) { sum, stripe in
      stripe.part.withLock { part in
        sum.count += part.records.count
        sum.bytes += part.records.values.reduce(0) { $0 + $1.memorySize }
      }
    }
  }

  /// Number of records.
  package var count: Int { stripes.reduce(0) { $0 + $1.part.withLock { $0.records.count } } }

  /// Waits for the caller's turn to ask the UFS about `id`: one request per file is in flight.
  package func turn(for id: FileID) async -> Turn {
    let (stripe, waiter) = (stripe(id), QuestionWaiter())
    let mustAsk = stripe.part.withLock { part in
      if part.waiting[id] != nil {
        part.waiting[id]?.append(waiter)
        return false
      }
      part.waiting[id] = []
      return true
    }
    if mustAsk { return .ask }
    await withTaskCancellationHandler {
      await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
        let suspends = stripe.part.withLock { _ in unsafe waiter.suspend(continuation) }
        if !suspends { unsafe continuation.resume() }
      }
    } onCancel: {
      let continuation = unsafe stripe.part.withLock { part in
        part.waiting[id]?.removeAll { $0 === waiter }
        return unsafe waiter.end()
      }
      unsafe continuation?.resume()
    }
    return Task.isCancelled ? .cancelled : .lookAgain
  }

  /// Ends the turn of `id` and lets those look again who waited for it.
  package func finish(_ id: FileID) {
    let waiting = unsafe stripe(id).part.withLock { part in
      unsafe (part.waiting.removeValue(forKey: id) ?? []).compactMap { unsafe $0.end() }
    }
    unsafe waiting.forEach { unsafe $0.resume() }
  }
}
