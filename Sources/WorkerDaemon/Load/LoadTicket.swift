// One file on its way through a load job, cut into ranges that finish in any order.

package import Model
import Synchronization

/// A range of a file's pages to bring into the cache.
package struct LoadUnit: Sendable {
  /// The file.
  package let ticket: LoadTicket
  /// Its pages, 0-based, half-open.
  package let pages: Range<UInt32>

  /// How a report names it.
  var subject: String { "\(ticket.file.ufsPath) pages \(pages.lowerBound)..<\(pages.upperBound)" }
}

/// A file that a load job works on.
package final class LoadTicket: Sendable {
  /// What the last of a file's ranges finds.
  package enum Verdict: Equatable, Sendable {
    /// Other ranges are still open.
    case open
    /// Every range is cached.
    case loaded
    /// The file changed on the way; `settled` bytes of the old version were cached.
    case changed(settled: Int64)
    /// A range was given up; `unsettled` bytes are not cached.
    case failed(unsettled: Int64, reason: String)
  }

  private struct State {
    var open: Int
    var settled: Int64 = 0
    var isChanged = false
    var reason: String?
  }

  /// The file as listed.
  package let file: FileStatus
  /// Identity of the file at its version.
  package let key: FileKey
  /// First word of the digest of the path.
  package let pathHash: UInt64
  /// How often the file changed under this job.
  package let revision: Int
  private let state: Mutex<State>

  /// A ticket for `file`, which has `unitCount` ranges; nil when the UFS gives no version.
  package init?(_ file: FileStatus, unitCount: Int, revision: Int = 0) {
    guard let version = file.version else { return nil }
    let id = FileID(ufsPath: file.ufsPath)
    self.file = file
    self.key = FileKey(file: id, version: version)
    self.pathHash = id.digest.words.0
    self.revision = revision
    self.state = Mutex(State(open: unitCount))
  }

  /// Whether ranges still open are worth asking for.
  package var isWorthwhile: Bool { state.withLock { !$0.isChanged && $0.reason == nil } }

  /// A range of `bytes` is cached.
  package func settle(bytes: Int64) -> Verdict { end { $0.settled += bytes } }

  /// A range found another version, with `settled` bytes of it cached at the old one.
  package func change(settled: Int64 = 0) -> Verdict {
    end {
      $0.isChanged = true
      $0.settled += settled
    }
  }

  /// A range was given up with `settled` bytes of it cached; the first reason stays.
  package func fail(_ reason: String, settled: Int64 = 0) -> Verdict {
    end {
      $0.reason = $0.reason ?? reason
      $0.settled += settled
    }
  }

  /// A range was not asked for because another one decided the file's fate.
  package func leave() -> Verdict { end { _ in } }

  private func end(_ change: (inout State) -> Void) -> Verdict {
    state.withLock { state in
      change(&state)
      state.open -= 1
      guard state.open == 0 else { return .open }
      if state.isChanged { return .changed(settled: state.settled) }
      if let reason = state.reason {
        return .failed(unsettled: file.length - state.settled, reason: reason)
      }
      return .loaded
    }
  }
}
