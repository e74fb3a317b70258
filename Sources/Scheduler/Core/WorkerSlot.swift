// A worker as the core sees it.

/// A worker that was ever registered; belongs to the core.
struct WorkerSlot {
  /// Who it is.
  var info: WorkerInfo
  /// Whether it is there.
  var isLive = true
  /// When it went, milliseconds since 1970; nil while it is there.
  var lostDate: Int64?
  /// Whether nobody expects it any more: its place may become another worker's.
  var isRemoved = false
  /// Tasks at it, those that no longer count included.
  var taskCount = 0
  /// Those of them that keep to a bandwidth: they take no slot from others.
  var limitedCount = 0
  /// Those of them that are stuck.
  var stuckCount = 0
  /// Tasks that broke off in a row.
  var brokenCount = 0
  /// Whether tasks could not reach it several times in a row, the last time not long ago.
  var isUnreachable = false
  /// Before when it gets no task, ticks.
  var blockedUntil: UInt64 = 0
}
