// What the worker knows of one file or directory: its status, where it lies, and until when that may be believed.
//
// A record is immutable but for two marks: when the UFS last confirmed it, and whether a change made here has overtaken it.

import HTTPWire
package import Model
import Synchronization
package import UFS

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
  /// The header lines that every answer about this version carries, rendered once: ETag, Last-Modified, Accept-Ranges.
  package let headerLines: [UInt8]

  /// Monotonic nanoseconds when the UFS last confirmed the status.
  private let confirmedAt: Atomic<UInt64>
  /// Set when a change through this worker may have made the record wrong.
  private let isDropped = Atomic<Bool>(false)

  /// A record of `status`, confirmed at `now` (monotonic nanoseconds).
  package init(_ status: FileStatus, at place: MountedPath, now: UInt64) {
    self.status = status
    self.place = place
    id = FileID(ufsPath: status.ufsPath)
    key = status.version.map { [id] in FileKey(file: id, version: $0) }
    entityTag = status.version?.entityTag ?? ""
    // Floor, so that a time before 1970 is not rounded up.
    modifiedSeconds = status.modificationTime.dividedDown(by: 1_000_000_000)
    var lines = HTTPHeadWriter()
    if !entityTag.isEmpty { lines.header("ETag", entityTag) }
    lines.header("Last-Modified", date: modifiedSeconds)
    lines.header("Accept-Ranges", "bytes")
    headerLines = unsafe Array(lines.bytes)
    confirmedAt = Atomic(now)
  }

  /// Length of the file in bytes.
  package var length: Int64 { status.length }

  /// True while the record may be used without asking the UFS again.
  @inline(__always)
  package func isFresh(now: UInt64, validity: UInt64) -> Bool {
    let confirmed = confirmedAt.load(ordering: .relaxed)
    return !isDropped.load(ordering: .relaxed) && (now < confirmed || now - confirmed < validity)
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
