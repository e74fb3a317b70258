// Who wants to hear that a file's version is no longer its present one.
//
//   file at a version ─▶ watchers          a version ended                 its watchers are told
//   path ─▶ versions that are watched      another version was seen, or    those of all other versions are told, also of versions
//                                          the path was changed            that the worker itself has long forgotten

import LocalWire
import Model
import Synchronization

/// Something that holds a version of a file open.
protocol FileWatcher: AnyObject, Sendable {
  /// The version of `file` is no longer the present one; called on any thread, holding no lock.
  func fileEnded(_ file: FileKey, _ reason: InvalidatedFrame.Reason)
}

/// The watchers of file versions, by file; costs nothing while there are none.
final class FileWatch: Sendable {
  private struct Watcher {
    weak var object: (any FileWatcher)?
  }

  private struct Version {
    let id: FileID
    var watchers: [ObjectIdentifier: Watcher] = [:]
  }

  private struct Path {
    let ufsPath: String
    var versions: Set<FileKey> = []
  }

  private struct State {
    var versions: [FileKey: Version] = [:]
    var paths: [FileID: Path] = [:]
  }

  private let count = Atomic<Int>(0)
  private let state = Mutex(State())

  /// Nobody watches anything.
  init() {}

  /// Tells `watcher` when the version of `record` ends, until `remove`; once more for the same version changes nothing.
  func add(_ watcher: any FileWatcher, to record: FileRecord) {
    guard let file = record.key else { return }
    state.withLock { state in
      let old = state.versions[file, default: Version(id: record.id)].watchers
        .updateValue(Watcher(object: watcher), forKey: ObjectIdentifier(watcher))
      state.paths[record.id, default: Path(ufsPath: record.status.ufsPath)].versions.insert(file)
      if old == nil { count.add(1, ordering: .sequentiallyConsistent) }
    }
  }

  /// Tells `watcher` of `file` no more.
  func remove(_ watcher: any FileWatcher, from file: FileKey) {
    state.withLock { state in
      guard state.versions[file]?.watchers.removeValue(forKey: ObjectIdentifier(watcher)) != nil
      else { return }
      count.subtract(1, ordering: .relaxed)
      guard let version = state.versions[file], version.watchers.isEmpty else { return }
      state.versions[file] = nil
      state.paths[version.id]?.versions.remove(file)
      if state.paths[version.id]?.versions.isEmpty ?? false { state.paths[version.id] = nil }
    }
  }

  /// Tells those who watch `file` that it has ended.
  func end(_ file: FileKey, _ reason: InvalidatedFrame.Reason) {
    tell(reason) { _ in [file] }
  }

  /// Tells those who watch a version of the path `id` other than `present` that it has ended; nil when there is no present one.
  func end(of id: FileID, except present: FileKey?, _ reason: InvalidatedFrame.Reason) {
    tell(reason) { state in
      (state.paths[id]?.versions ?? []).filter { $0 != present }
    }
  }

  /// Tells those who watch something in the directory `ufsPath` that it has ended.
  ///
  /// O(paths watched).
  func endTree(_ ufsPath: String, _ reason: InvalidatedFrame.Reason) {
    tell(reason) { state in
      state.paths.values.filter { lies(ufsPath: $0.ufsPath, in: ufsPath) }.flatMap(\.versions)
    }
  }

  private func tell(
    _ reason: InvalidatedFrame.Reason, _ choose: (State) -> [FileKey]
  ) {
    guard count.load(ordering: .sequentiallyConsistent) > 0 else { return }
    let ended = state.withLock { state in
      choose(state).flatMap { file in
        (state.versions[file]?.watchers.values.compactMap(\.object) ?? []).map { (file, $0) }
      }
    }
    for (file, watcher) in ended { watcher.fileEnded(file, reason) }
  }
}
