// The open files of a connection and the leases that they hold together.

import LocalWire
import Ring
import Synchronization

/// Who holds how many leases on a connection.
final class LocalRegistry: Sendable {
  private struct Entry {
    weak var file: LocalFile?
    let handle: UInt32
  }

  private let entries = Mutex<[Entry]>([])
  private let held = Atomic<Int>(0)
  private let limit = Atomic<Int>(.max)
  /// When the limit was set last.
  private let limitedAt = Atomic<UInt64>(0)
  /// How long a limit holds: what was in the way may be gone then.
  private static let limitTime: UInt64 = 1_000_000_000

  /// Leases held by all files.
  var count: Int { held.load(ordering: .relaxed) }

  /// Counts leases that came or, below 0, went.
  func add(_ count: Int) { held.add(count, ordering: .relaxed) }

  func insert(_ file: LocalFile) {
    entries.withLock { entries in
      entries.removeAll { $0.file == nil }
      entries.append(Entry(file: file, handle: file.opened.handle))
    }
  }

  private var files: [LocalFile] { entries.withLock { $0.compactMap(\.file) } }

  /// Gives leases back until `wanted` more can be had, those of `file` first.
  func makeRoom(for wanted: Int, in file: LocalFile, max: Int) {
    let limit = min(max, self.limit.load(ordering: .relaxed))
    if limit < max, monotonicNow() &- limitedAt.load(ordering: .relaxed) > Self.limitTime {
      self.limit.store(.max, ordering: .relaxed)
    }
    var excess = count + wanted - limit
    guard excess > 0 else { return }
    // A batch at a time: else each page would cost a frame.
    excess = Swift.max(excess, min(32, limit / 4))
    excess -= file.releaseOldest(excess)
    for other in files where excess > 0 && other !== file {
      excess -= other.releaseOldest(excess)
    }
  }

  /// Notes that the worker gives no more than are held now, and gives half of them back.
  func shrink() {
    let now = count
    limit.store(Swift.max(8, now - now / 4), ordering: .relaxed)
    limitedAt.store(monotonicNow(), ordering: .relaxed)
    var excess = (now + 1) / 2
    for file in files where excess > 0 { excess -= file.releaseOldest(excess) }
  }

  /// Gives back what the worker wants, or has taken already, unless it is being looked at.
  func giveUp(_ marks: Set<LeaseMark>, isEnded: Bool) {
    for file in files { file.giveUp(marks, isEnded: isEnded) }
  }

  /// Tells the file of that handle that another version is there.
  func invalidate(_ news: InvalidatedFrame) {
    for file in files where file.opened.handle == news.handle { file.noteStale(news.reason) }
  }

  /// The leases that are being looked at.
  var viewed: [LeaseMark] { files.flatMap(\.viewed) }
}
