// Which worker a file belongs to: the hash ring, as the scheduler sees it.

package import Model

/// Places paths on workers.
package protocol WorkerPlacement {
  /// Takes `workers` as the live ones.
  mutating func setWorkers(_ workers: [WorkerIdentity])

  /// The place among the live workers of the one that `path` belongs to; nil without workers.
  func first(for path: String) -> Int?

  /// At most `count` distinct places in the order in which `path` prefers them.
  func order(for path: String, count: Int) -> [Int]
}
