// A file, or a range of it, on its way through a job.

/// One unit of work: a range of a file for one worker.
struct FileWork {
  /// What the worker is told.
  var file: TaskFile
  /// The listing page it came with.
  var page: UInt64
  /// Place in `JobRun.splits` for one of several units of a file, −1 for a file that is one unit.
  var split: Int32 = -1
  /// Which worker of the path's order it is for.
  var replica: UInt16 = 0
  /// Which piece of the file it is.
  var piece: Int32 = 0
  /// The place of the only worker it can be for; −1 when the path decides.
  var pinned: Int32 = -1
  /// How far it has moved along that order.
  var turn: UInt16 = 0
  /// Attempts that failed for the file's own reasons.
  var attemptCount: UInt16 = 0
  /// Attempts that failed for the worker's.
  var faultCount: UInt16 = 0

  /// Whether it has met so many failing workers that it may be why.
  var travelsAlone: Bool { faultCount >= 3 }
}

/// A file of several units.
struct SplitFile {
  /// The file as listed.
  var file: TaskFile
  /// The listing page it came with.
  var page: UInt64
  /// Units that are not settled.
  var openCount: Int
  /// Replicas of each piece.
  var replicas = 1
  /// Where each unit is or goes, replica by replica of piece by piece, −1 for nowhere; empty without replicas.
  var places: [Int32] = []
  /// Bytes done by units, counted once per range.
  var doneBytes: Int64 = 0
  /// Whether every unit was skipped.
  var isSkipped = true
  /// Whether the file changed on the way.
  var isChanged = false
  /// Why a unit was given up; nil unless one was.
  var failure: String?
}

extension SplitFile {
  /// Says where a unit goes.
  mutating func note(_ work: FileWork, at place: Int32) {
    let index = Int(work.piece) * replicas + Int(work.replica)
    if places.indices.contains(index) { places[index] = place }
  }

  /// Whether another replica of the unit's range is at `place`, or on its way there.
  func hasOther(_ work: FileWork, at place: Int) -> Bool {
    guard !places.isEmpty else { return false }
    let first = Int(work.piece) * replicas
    return (0..<replicas).contains {
      $0 != Int(work.replica) && places[first + $0] == Int32(truncatingIfNeeded: place)
    }
  }
}

/// A unit that waits for another attempt.
struct Retry {
  /// When it is due, ticks.
  var due: UInt64
  /// Orders those due at the same time.
  var number: UInt64
  /// The unit.
  var work: FileWork
}

/// A listing page with files that are not settled.
struct OpenPage {
  /// Files that are not settled.
  var openCount = 0
  /// Paths of it that were named before.
  var repeatedCount: Int64 = 0
  /// Files that the filter leaves out of it.
  var filteredCount: Int64 = 0
  /// Where the page after it begins; nil for the last one.
  var next: String?
  /// Results whose latest file lies in this page.
  var results: [UInt64] = []
  /// Number of its record; nil when the listing gives it again.
  var record: UInt64?
}
