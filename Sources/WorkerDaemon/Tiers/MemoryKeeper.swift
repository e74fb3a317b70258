// The memory of a worker without disks, kept across a planned restart when an operator asked for that.

import Logging
import PageStore
import Ring
import Synchronization

/// Saves the pages when the worker stops and loads them when it starts.
final class MemoryKeeper: Sendable {
  private let store: PageStore
  /// The file; nil when memory is not kept.
  private let path: String?
  private let log = Logger(label: "memory")
  private let isDone: Atomic<Bool>

  /// A keeper of the memory of `store` in `directory`; without one nothing is kept.
  init(_ store: PageStore, directory: String) {
    self.store = store
    path = directory.isEmpty ? nil : "\(directory)/memory.saved"
    isDone = Atomic(directory.isEmpty)
  }

  /// True when what was saved is loaded, or not to be.
  var isLoaded: Bool { isDone.load(ordering: .acquiring) }

  /// Loads what an earlier life saved, on a thread of `pool`; returns at once.
  func start(on pool: BlockingPool) {
    guard let path else { return }
    pool.submit { [self] in
      let start = monotonicNow()
      do throws(PageStoreError) {
        if let loaded = try store.loadMemory(from: path) {
          log.notice("memory loaded", metadata: metadata(loaded, since: start))
          if let problem = loaded.problem {
            log.warning(
              "what was kept of memory in \(path) is not all used: \(problem); the rest comes from the sources when it is wanted"
            )
          }
        }
      } catch {
        log.warning("what was kept of memory is not used: \(error.sentence)")
      }
      isDone.store(true, ordering: .releasing)
    }
  }

  /// Saves what is in memory until `deadline`, in monotonic nanoseconds; blocks.
  func save(until deadline: UInt64) {
    guard let path, isLoaded else { return }
    let start = monotonicNow()
    do throws(PageStoreError) {
      let saved = try store.saveMemory(to: path, until: deadline)
      log.notice("memory saved", metadata: metadata(saved, since: start))
    } catch {
      log.warning("memory is not kept: \(error.sentence)")
    }
  }

  private func metadata(_ saved: SavedMemory, since start: UInt64) -> Logger.Metadata {
    [
      "pages": "\(saved.pages)", "bytes": "\(saved.bytes)", "left": "\(saved.left)",
      "ms": "\((monotonicNow() &- start) / 1_000_000)",
    ]
  }
}
