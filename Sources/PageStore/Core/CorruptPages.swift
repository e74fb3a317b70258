// Pages on disk whose bytes did not match, for whoever tells an operator: a few of them, and how many others there were.

import Ring
package import Model

/// A page that did not match its checksum, and is gone.
package struct CorruptPage: Sendable, Equatable {
  /// The page.
  package let key: PageKey
  /// Position of its volume among the disks.
  package let disk: Int
  /// Where its first byte was in the volume's file.
  package let offset: Int64
  /// Bytes of the page.
  package let length: Int
  /// True for one from before a crash that nobody had seen to match since: the disk need not be at fault.
  package let isDoubtful: Bool
}

/// A bounded list of them.
final class CorruptPages: Sendable {
  /// Pages kept until somebody takes them.
  static let countMax = 64

  private let state = Locked<(pages: [CorruptPage], more: Int)>(([], 0))

  /// Adds one, or counts it.
  func add(_ page: CorruptPage) {
    state.withLock { state in
      if state.pages.count < Self.countMax { state.pages.append(page) } else { state.more += 1 }
    }
  }

  /// Those since the last call, and how many more there were.
  func take() -> (pages: [CorruptPage], more: Int) {
    state.withLock { state in
      defer { state = ([], 0) }
      return state
    }
  }
}

extension PageStore {
  /// The pages found corrupt since the last call, and how many more there were than are kept.
  package func takeCorruptPages() -> (pages: [CorruptPage], more: Int) {
    core.tasks.corruptPages.take()
  }
}
