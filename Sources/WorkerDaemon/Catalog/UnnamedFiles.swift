// Pages that outlived a crash while the note of their path did not: found once, when the pages of an earlier life are entered.
//
// Nobody can say to which path they belong; who comes with a path and a version can say that they belong to it.

import Model
import PageStore
import Synchronization

/// Keys of files that are held and not named; safe from any thread.
final class UnnamedFiles: Sendable {
  /// Keys that are kept at most, 16 bytes each; of more, the rest leaves by eviction only.
  static let countMax = 1_000_000

  private let keys = Mutex<Set<FileKey>>([])
  private let isAny = Atomic<Bool>(false)

  /// None.
  init() {}

  /// Whether there are any; costs next to nothing.
  var isEmpty: Bool { !isAny.load(ordering: .relaxed) }

  /// How many there are.
  var count: Int { isEmpty ? 0 : keys.withLock { $0.count } }

  /// Takes `files` for the unnamed ones.
  func set(_ files: some Sequence<FileKey>) {
    keys.withLock { keys in
      keys = Set(files.prefix(Self.countMax))
      isAny.store(!keys.isEmpty, ordering: .relaxed)
    }
  }

  /// Somebody knows the file's path: `body` is called, and it is none of them any more.
  ///
  /// - Returns: what `body` returns; nil when the file is none of them.
  func claim<T>(_ key: FileKey, _ body: () -> T) -> T? {
    guard !isEmpty else { return nil }
    return keys.withLock { keys in
      guard keys.remove(key) != nil else { return nil }
      if keys.isEmpty { isAny.store(false, ordering: .relaxed) }
      return body()
    }
  }
}
