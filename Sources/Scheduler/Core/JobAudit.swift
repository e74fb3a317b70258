// The question at the end of a pass: is everything that the job counts still there?

/// What the workers that a job relies on say of its files.
struct JobAudit {
  /// Places of those that are still to be asked.
  var places: [Int]
  /// Questions that are not answered.
  var openCount = 0
  /// Questions that came to nothing.
  var brokenCount = 0
  /// What is gone.
  var missing = FileCount()
  /// Whether all files could be there at once.
  var fits = true
  /// Why nobody can say whether everything is there; nil unless that is so.
  var doubt: String?
}

/// What came out of it.
enum AuditFinding {
  /// Everything is there.
  case holds
  /// Not everybody has answered.
  case waits
  /// Something is gone, or may be, and why; `fits` says whether loading it again may help.
  case lost(String, fits: Bool)
}
