// The hash ring as the scheduler sees it, as the daemon joins the two.

import Membership
import Model
import Scheduler

struct RingPlacement: WorkerPlacement {
  private var ring = HashRing([], pointCount: 20)

  mutating func setWorkers(_ workers: [WorkerIdentity]) {
    ring = HashRing(workers, pointCount: 20)
  }

  func first(for path: String) -> Int? { ring.first(for: path) }

  func order(for path: String, count: Int) -> [Int] { ring.order(for: path, count: count) }
}
