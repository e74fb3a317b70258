// What a fork leaves behind: threads do not follow into the child, locks may be held there by nobody, and a socket would have
// two users. A connection therefore knows in which process it was made.

import Glibc
import Synchronization

/// How often this process is a child of itself.
enum ForkGeneration {
  private static let count = Atomic<Int>(0)
  private static let isWatching: Bool = {
    pthread_atfork(nil, nil) { ForkGeneration.count.add(1, ordering: .relaxed) }
    return true
  }()

  /// The number that changes in a child; the first question begins to watch.
  @inline(__always)
  static var now: Int {
    _ = isWatching
    return count.load(ordering: .relaxed)
  }

  /// As `now`, for what was made after the first question.
  @inline(__always)
  static func isSame(_ generation: Int) -> Bool { count.load(ordering: .relaxed) == generation }
}
