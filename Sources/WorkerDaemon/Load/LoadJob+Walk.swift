// Listing: what the UFS has below the path is entered in the books file by file and queued range by range.

import Model
import Scheduler
import Synchronization

extension LoadJob {
  /// Lists everything below the job's path and queues what must be loaded; `onQueued` is called for each unit.
  func walk(into units: LoadQueue<LoadUnit>, onQueued: () -> Void) async {
    for attempt in 1... {
      var hasVisited = false
      let failure = await list(into: units, onQueued: onQueued) { hasVisited = true }
      guard isRunning else { return }
      guard let failure else { return state.withLock { $0.isListed = true } }
      // Listing again after files were taken would count them twice.
      guard !hasVisited, attempt < limits.attemptCountMax, let delay = failure.retryAfter else {
        return failListing(failure)
      }
      await source.pause(for: backoff(delay, attempt: attempt))
    }
  }

  private func list(
    into units: LoadQueue<LoadUnit>, onQueued: () -> Void, onVisit: () -> Void
  ) async -> LoadFailure? {
    switch await source.status(of: path) {
    case .failure(let failure): return failure
    case .success(let root) where root.kind == .file:
      onVisit()
      await take([root], into: units, onQueued)
      return nil
    case .success(let root):
      // Each listing counts them anew.
      state.withLock { $0.leftOutCount = 0 }
      defer { tellLeftOut() }
      return await source.walk(root.ufsPath, turns: turns) { batch in
        onVisit()
        state.withLock { $0.leftOutCount &+= Int64(batch.leftOutCount) }
        noteRefusals(batch.refusals)
        await take(batch.files, into: units, onQueued)
        return isRunning
      }
    }
  }

  /// Enters listed files in the books and queues those that are not there yet.
  private func take(
    _ files: [FileStatus], into units: LoadQueue<LoadUnit>, _ onQueued: () -> Void
  ) async {
    for file in await kept(files) {
      guard isRunning else { return }
      if options.metadataOnly {
        await takeMetadata(of: file)
      } else {
        await take(file, into: units, onQueued)
      }
    }
  }

  /// The files whose names pass the job's filter.
  private func kept(_ files: [FileStatus]) async -> [FileStatus] {
    guard let pattern = options.fileFilter, !files.isEmpty else { return files }
    // Many names and a long pattern take milliseconds; that is no work for a ring.
    return await source.offload {
      guard let filter = LoadFilter(pattern) else { return [] }
      return files.filter { filter.keeps($0.name) }
    }
  }

  private func takeMetadata(of file: FileStatus) async {
    state.withLock {
      $0.ledger.list(bytes: 0)
      $0.ledger.attempt()
    }
    let failure = await source.loadMetadata(file)
    state.withLock { state in
      guard let failure else { return state.ledger.finishLoaded() }
      state.ledger.failSubtask()
      state.fail(
        LoadIncident(subject: file.ufsPath, reason: failure.reason), pathHash: nil, unsettled: 0,
        keeping: limits.failedFileCountMax)
    }
  }

  private func take(
    _ file: FileStatus, into units: LoadQueue<LoadUnit>, _ onQueued: () -> Void
  ) async {
    guard file.length <= source.capacity else {
      return reject(file, "the file is larger than the cache")
    }
    let ranges = ranges(of: file)
    guard let ticket = LoadTicket(file, unitCount: max(1, ranges.count)) else {
      return reject(file, "the UFS gives no version")
    }
    guard enter(ticket) else { return }
    if ranges.isEmpty { return await conclude(ticket, ticket.settle(bytes: 0)) }
    for pages in ranges {
      guard await units.push(LoadUnit(ticket: ticket, pages: pages)) else { return }
      onQueued()
    }
  }

  /// Enters a listed file in the books; false when there is nothing to load.
  private func enter(_ ticket: LoadTicket) -> Bool {
    let length = ticket.file.length
    let isCached = source.residentBytes(of: ticket.key) >= length
    return state.withLock { state in
      guard !state.failedPaths.contains(ticket.pathHash) else { return false }
      if let entry = state.checklist.entry(of: ticket.pathHash) {
        if entry.key == ticket.key, isCached { return false }
        state.ledger.reopen(bytes: entry.length, wasSkipped: entry.wasSkipped)
        state.ledger.relist(oldBytes: entry.length, loaded: 0, bytes: length)
        return true
      }
      state.ledger.list(bytes: length)
      guard options.skipIfExists, isCached, length > 0 else { return true }
      state.ledger.skip(bytes: length)
      state.checklist.record(ticket.entry(wasSkipped: true), path: ticket.file.ufsPath)
      return false
    }
  }

  private func reject(_ file: FileStatus, _ reason: String) {
    state.withLock { state in
      state.ledger.list(bytes: file.length)
      state.fail(
        LoadIncident(subject: file.ufsPath, reason: reason), pathHash: nil, unsettled: file.length,
        keeping: limits.failedFileCountMax)
    }
  }

  /// A directory that cannot be listed counts as a file that failed, once however often it is met.
  private func noteRefusals(_ refusals: [LoadIncident]) {
    for refusal in refusals {
      let hash = FileID(ufsPath: refusal.subject).digest.words.0
      state.withLock { state in
        guard !state.failedPaths.contains(hash) else { return }
        state.ledger.list(bytes: 0)
        state.fail(
          refusal, pathHash: hash, unsettled: 0, keeping: limits.failedFileCountMax)
      }
    }
  }

  /// Entries that cannot be loaded are no failure, but nobody should have to wonder where they are.
  private func tellLeftOut() {
    state.withLock { state in
      guard state.leftOutCount > 0 else { return }
      let reason = "\(state.leftOutCount) entries left out: \(LeftOut.reason(path))"
      state.recall(LoadIncident(subject: path, reason: reason))
    }
  }

  private func failListing(_ failure: LoadFailure) {
    state.withLock { state in
      let reason = "listing \(path) failed: \(failure.reason)"
      state.listingFailure = state.listingFailure ?? reason
      state.recall(LoadIncident(subject: path, reason: failure.reason))
    }
  }
}
