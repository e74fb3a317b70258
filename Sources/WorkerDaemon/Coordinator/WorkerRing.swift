// The hash ring as the scheduler sees it.

import Membership
import Model
import Scheduler

/// Places paths on workers as clients do (compat §4).
struct WorkerRing: WorkerPlacement {
  private let pointCount: Int
  private var ring: HashRing

  /// A ring without workers, each of which is to have `pointCount` points.
  init(pointCount: Int) {
    self.pointCount = pointCount
    ring = HashRing([], pointCount: pointCount)
  }

  mutating func setWorkers(_ workers: [WorkerIdentity]) {
    ring = HashRing(workers, pointCount: pointCount)
  }

  func first(for path: String) -> Int? { ring.first(for: path) }

  func order(for path: String, count: Int) -> [Int] { ring.order(for: path, count: count) }
}
