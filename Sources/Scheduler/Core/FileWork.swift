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
  /// Bytes done by units, counted once per range.
  var doneBytes: Int64 = 0
  /// Whether every unit was skipped.
  var isSkipped = true
  /// Whether the file changed on the way.
  var isChanged = false
  /// Why a unit was given up; nil unless one was.
  var failure: String?
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
  /// Where the page after it begins; nil for the last one.
  var next: String?
  /// Results whose latest file lies in this page.
  var results: [UInt64] = []
  /// Number of its record; nil when the listing gives it again.
  var record: UInt64?
}
