// Which task an answer is about.

/// Identity of one attempt at a batch, never used twice.
package struct TaskID: Hashable, Sendable, CustomStringConvertible {
  /// The coordinator's run: answers to an earlier run are late.
  package let epoch: UInt64
  /// Counts the tasks of the run.
  package let number: UInt64

  /// An id from its parts.
  package init(epoch: UInt64, number: UInt64) {
    self.epoch = epoch
    self.number = number
  }

  package var description: String { "\(epoch).\(number)" }
}
