// A worker for load jobs to run against: a tree, a cache of limited size, and scripted failures.

import Model
import Synchronization
import WorkerDaemon

/// A `LoadSource` without a UFS.
final class FakeLoadSource: LoadSource {
  /// What happens to one call of `load`, in order; when it runs out, calls succeed.
  enum Step: Sendable {
    case reject, fail(LoadFailure), partial(Int64, LoadFailure), change(length: Int64)
  }

  struct State {
    var files: [String: FileStatus] = [:]
    var cached: [PageKey: Int64] = [:]
    var order: [PageKey] = []
    var steps: [String: [Step]] = [:]
    var listingFailures: [LoadFailure] = []
    var refusals: [LoadIncident] = []
    var leftOutCount = 0
    var isHeld = false
    var held: [CheckedContinuation<Void, Never>] = []
    var loadCount = 0
    var inFlight = 0
    var inFlightMax = 0
    var paused: Duration = .zero
    var clock: UInt64 = 1_000_000_000
    var onLoad: (@Sendable (Int) -> Void)?
  }

  let state = Mutex(State())
  let pageSize: Int64 = 100
  let capacity: Int64
  let batchSize: Int

  init(capacity: Int64 = .max, batchSize: Int = 3) {
    self.capacity = capacity
    self.batchSize = batchSize
  }

  static func file(_ path: String, length: Int64, token: String = "v1") -> FileStatus {
    FileStatus(
      ufsPath: path, kind: .file, length: length, modificationTime: 0,
      version: FileVersion(token: token, length: length))
  }

  func add(_ path: String, length: Int64) {
    state.withLock { $0.files[path] = Self.file(path, length: length) }
  }

  func script(_ path: String, _ steps: [Step]) { state.withLock { $0.steps[path] = steps } }

  func status(of path: String) async -> Result<FileStatus, LoadFailure> {
    state.withLock { state in
      if let file = state.files[path] { return .success(file) }
      if state.files.keys.contains(where: { $0.hasPrefix(path + "/") }) {
        return .success(
          FileStatus(
            ufsPath: path, kind: .directory, length: 0, modificationTime: 0, version: nil))
      }
      return .failure(LoadFailure(.notFound, reason: "no such path"))
    }
  }

  func walk(
    _ directory: String, turns: UInt64, visit: (LoadBatch) async -> Bool
  ) async -> LoadFailure? {
    let (files, refusals, leftOutCount, failure) = state.withLock { state in
      (
        state.files.values.filter { $0.ufsPath.hasPrefix(directory + "/") }
          .sorted { $0.ufsPath < $1.ufsPath },
        state.refusals, state.leftOutCount,
        state.listingFailures.isEmpty ? nil : state.listingFailures.removeFirst()
      )
    }
    if let failure { return failure }
    var first = LoadBatch(files: [], leftOutCount: leftOutCount)
    first.refusals = refusals
    if !refusals.isEmpty || leftOutCount > 0 {
      guard await visit(first) else { return nil }
    }
    for start in stride(from: 0, to: files.count, by: batchSize) {
      let batch = Array(files[start..<min(files.count, start + batchSize)])
      guard await visit(LoadBatch(files: batch)) else { return nil }
    }
    return nil
  }

  func load(
    _ file: FileStatus, pages: Range<UInt32>, turns: UInt64, progress: LoadProgress
  ) async -> LoadOutcome {
    let count = state.withLock { state in
      state.loadCount += 1
      state.inFlight += 1
      state.inFlightMax = max(state.inFlightMax, state.inFlight)
      return state.loadCount
    }
    defer { state.withLock { $0.inFlight -= 1 } }
    state.withLock { $0.onLoad }?(count)
    await hold()
    return state.withLock { state in
      if var steps = state.steps[file.ufsPath], !steps.isEmpty {
        let step = steps.removeFirst()
        state.steps[file.ufsPath] = steps
        switch step {
        case .reject: return .rejected("full")
        case .fail(let failure): return .failed(failure)
        case .partial(let bytes, let failure):
          progress.reach(bytes)
          return .failed(failure)
        case .change(let length):
          state.files[file.ufsPath] = Self.file(
            file.ufsPath, length: length, token: "v\(state.loadCount + 1)")
        }
      }
      guard let now = state.files[file.ufsPath], now.version == file.version else {
        return .failed(LoadFailure(.changed, reason: "changed"))
      }
      return store(file, pages, &state)
    }
  }

  private func store(
    _ file: FileStatus, _ pages: Range<UInt32>, _ state: inout State
  ) -> LoadOutcome {
    var filled: Int64 = 0
    var resident: Int64 = 0
    for index in pages {
      let key = PageKey(file: Self.key(file), index: index)
      let length = min(pageSize, file.length - Int64(index) * pageSize)
      if state.cached[key] != nil {
        resident += length
        continue
      }
      filled += length
      state.cached[key] = length
      state.order.append(key)
      while state.cached.values.reduce(0, +) > capacity {
        state.cached[state.order.removeFirst()] = nil
      }
    }
    return .cached(filled: filled, resident: resident)
  }

  static func key(_ file: FileStatus) -> FileKey {
    FileKey(
      file: FileID(ufsPath: file.ufsPath),
      version: file.version ?? FileVersion(token: "none", length: 0))
  }

  func loadMetadata(_ file: FileStatus) async -> LoadFailure? {
    if case .failure(let failure) = await status(of: file.ufsPath) { return failure }
    return nil
  }

  func residentBytes(of file: FileKey) -> Int64 {
    state.withLock { $0.cached.filter { $0.key.file == file }.values.reduce(0, +) }
  }

  func offload<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T { body() }

  var now: UInt64 { state.withLock { $0.clock } }

  func pause(for duration: Duration) async {
    state.withLock { state in
      state.paused += duration
      state.clock += UInt64(duration.wholeMilliseconds) * 1_000_000
    }
    await Task.yield()
  }

  /// Lets calls of `load` wait until `release`.
  func holdLoads() { state.withLock { $0.isHeld = true } }

  func release() {
    let held = state.withLock { state in
      state.isHeld = false
      defer { state.held = [] }
      return state.held
    }
    for continuation in held { continuation.resume() }
  }

  private func hold() async {
    await withCheckedContinuation { continuation in
      let waits = state.withLock { state in
        if state.isHeld { state.held.append(continuation) }
        return state.isHeld
      }
      if !waits { continuation.resume() }
    }
  }
}
