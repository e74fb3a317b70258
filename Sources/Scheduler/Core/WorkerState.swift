// A worker as those outside the core see it.

/// Where a registered worker stands.
package struct WorkerState: Sendable, Equatable {
  /// Who it is.
  package var info: WorkerInfo
  /// Whether it is there.
  package var isLive: Bool
  /// Whether it is there and its tasks come to nothing: it cannot be reached, or they are stuck.
  package var isSuspect: Bool
  /// Tasks at it.
  package var taskCount: Int

  /// A state of its parts.
  package init(info: WorkerInfo, isLive: Bool, isSuspect: Bool, taskCount: Int) {
    self.info = info
    self.isLive = isLive
    self.isSuspect = isSuspect
    self.taskCount = taskCount
  }
}
