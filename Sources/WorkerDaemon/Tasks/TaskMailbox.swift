// Words of a task on their way from the rings that run it to the one task that sends them on.

import Synchronization

/// Words in order, for one reader.
@safe final class TaskMailbox: Sendable {
  @safe private struct State {
    var words: [TaskWord] = []
    var reader: UnsafeContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// Adds a word; callable from any thread.
  func put(_ word: TaskWord) {
    let reader = unsafe state.withLock { state in
      state.words.append(word)
      defer { unsafe state.reader = nil }
      return unsafe state.reader
    }
    if let reader = unsafe reader { unsafe reader.resume() }
  }

  /// All words since the last call, at least one.
  ///
  /// Suspends until there is one; the end of a task always comes.
  func take() async -> [TaskWord] {
    await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let isThere = state.withLock { state in
        guard state.words.isEmpty else { return true }
        unsafe state.reader = unsafe continuation
        return false
      }
      if isThere { unsafe continuation.resume() }
    }
    return state.withLock { state in
      defer { state.words = [] }
      return state.words
    }
  }
}
