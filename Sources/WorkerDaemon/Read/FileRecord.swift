// What the worker knows of one file or directory: its status, where it lies, and until when that may be believed.
//
// A record is immutable but for a few marks: when the UFS last confirmed it, whether a change made here has overtaken it,
// when the age of its pages is due to be looked at, and whether the catalog was told of them.

import HTTPWire
package import Model
import Synchronization
package import UFS

/// What a status is wanted for; cache filters set its validity apart.
package enum StatusUse: Sendable {
  /// To read bytes.
  case data
  /// To tell the status itself.
  case metadata
}

/// The cached status of a path, with what answers about it are made of.
package final class FileRecord: Sendable {
  /// Status as the UFS gave it.
  package let status: FileStatus
  /// The mount it lies in and its path there.
  package let place: MountedPath
  /// Identity of the file: SHA-256 of the full UFS path.
  package let id: FileID
  /// Key of its pages; nil for a directory.
  package let key: FileKey?
  /// Entity tag with its quotes; empty for a directory.
  package let entityTag: String
  /// Last modification in whole seconds since the epoch.
  package let modifiedSeconds: Int64
  /// What the rules come to for this path.
  package let decision: RuleDecision

  /// Header lines, once an answer carried them: of the files that a load brings most are not asked for at once.
  private let renderedLines = AtomicLazyReference<RenderedLines>()
  /// Monotonic nanoseconds when the UFS last confirmed the status.
  private let confirmedAt: Atomic<UInt64>
  /// Set when a change through this worker may have made the record wrong.
  private let isDropped = Atomic<Bool>(false)
  /// Milliseconds since the epoch at which the age of the pages is to be looked at; the largest number for never.
  private let ageDue: Atomic<Int64>
  /// The catalog's mark when it was last told of the file; 0 before.
  private let notedMark = Atomic<UInt32>(0)

  /// A record of `status`, confirmed at `now` (monotonic nanoseconds), under the rules of `decision`; `id` is its path's.
  package init(
    _ status: FileStatus, at place: MountedPath, now: UInt64, id known: FileID? = nil,
    decision: RuleDecision = RuleDecision(validity: .max)
  ) {
    self.status = status
    self.place = place
    self.decision = decision
    // Nobody knows yet whether something is cached and since when.
    ageDue = Atomic(decision.timeToLive == nil ? .max : .min)
    id = known ?? FileID(ufsPath: status.ufsPath)
    key = status.version.map { [id] in FileKey(file: id, version: $0) }
    entityTag = status.version?.entityTag ?? ""
    // Floor, so that a time before 1970 is not rounded up.
    modifiedSeconds = status.modificationTime.dividedDown(by: 1_000_000_000)
    confirmedAt = Atomic(now)
  }

  /// The header lines that every answer about this version carries, rendered once: ETag, Last-Modified, Accept-Ranges.
  package var headerLines: [UInt8] {
    if let known = renderedLines.load() { return known.bytes }
    var lines = HTTPHeadWriter()
    if !entityTag.isEmpty { lines.header("ETag", entityTag) }
    lines.header("Last-Modified", date: modifiedSeconds)
    lines.header("Accept-Ranges", "bytes")
    return renderedLines.storeIfNil(RenderedLines(unsafe Array(lines.bytes))).bytes
  }

  private final class RenderedLines: Sendable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }
  }

  /// Length of the file in bytes.
  package var length: Int64 { status.length }

  /// Bytes it takes in memory, about: itself, its place, and three copies of parts of its path.
  var memorySize: Int { 640 + 3 * status.ufsPath.utf8.count }

  /// The same status, confirmed when this one was, under other rules.
  private init(_ other: FileRecord, decision: RuleDecision) {
    status = other.status
    place = other.place
    id = other.id
    key = other.key
    entityTag = other.entityTag
    modifiedSeconds = other.modifiedSeconds
    self.decision = decision
    ageDue = Atomic(decision.timeToLive == nil ? .max : .min)
    confirmedAt = Atomic(other.confirmedAt.load(ordering: .relaxed))
  }

  /// The same record under other rules.
  func decided(anew decision: RuleDecision) -> FileRecord {
    FileRecord(self, decision: decision)
  }

  /// True while the record may be used for `use` without asking the UFS again, under the rules of `generation`.
  @inline(__always)
  package func isFresh(now: UInt64, for use: StatusUse, generation: UInt64) -> Bool {
    let validity = use == .data ? decision.dataValidity : decision.metadataValidity
    return decision.generation == generation && isFresh(now: now, validity: validity)
  }

  /// True when `now` (milliseconds since the epoch) is the time to look at the age of the pages.
  @inline(__always)
  func isAgeDue(_ now: @autoclosure () -> Int64) -> Bool {
    let due = ageDue.load(ordering: .relaxed)
    return due != .max && now() >= due
  }

  /// Says when the age of the pages is to be looked at next, in milliseconds since the epoch.
  func setAgeDue(at time: Int64) { ageDue.store(time, ordering: .relaxed) }

  /// Marks the record as known to the catalog since `mark`; false when it was marked so.
  func markNoted(_ mark: UInt32) -> Bool {
    // A read first: pages of one file are committed on several rings at once.
    notedMark.load(ordering: .relaxed) != mark
      && notedMark.exchange(mark, ordering: .relaxed) != mark
  }

  /// True while the record may be used without asking the UFS again.
  @inline(__always)
  package func isFresh(now: UInt64, validity: UInt64) -> Bool {
    let confirmed = confirmedAt.load(ordering: .relaxed)
    return !isDropped.load(ordering: .relaxed)
      && (now < confirmed ? validity > 0 : now - confirmed < validity)
  }

  /// Says that the UFS gave the same status again at `now`.
  package func confirm(now: UInt64) { confirmedAt.store(now, ordering: .relaxed) }

  /// Says that the record may be wrong: whoever holds it asks the UFS before using it again.
  package func drop() { isDropped.store(true, ordering: .sequentiallyConsistent) }
}

extension Int64 {
  /// The quotient rounded towards negative infinity; `divisor` is positive.
  package func dividedDown(by divisor: Int64) -> Int64 {
    precondition(divisor > 0, "a divisor is positive")
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
