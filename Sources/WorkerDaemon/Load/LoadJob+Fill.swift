// Filling: one range at a time per consumer, with back-off; the last range of a file concludes it.

import Model
import Synchronization

extension LoadJob {
  /// How often a file may change under the job before it fails.
  private static let revisionCountMax = 3

  /// Brings one range into the cache and concludes its file when it was the last.
  func perform(_ unit: LoadUnit) async {
    let ticket = unit.ticket
    guard ticket.isWorthwhile else { return await conclude(ticket, ticket.leave()) }
    let start = source.now
    let progress = LoadProgress { bytes in self.state.withLock { $0.ledger.load(bytes: bytes) } }
    for attempt in 1... {
      guard let failure = await attemptLoad(of: unit, progress) else {
        return await conclude(ticket, ticket.settle(bytes: bytes(of: unit.pages, in: ticket.file)))
      }
      guard isRunning else { return }
      if failure.kind == .changed {
        return await conclude(ticket, ticket.change(settled: progress.bytes))
      }
      guard let delay = pause(after: failure, attempt: attempt, since: start) else {
        state.withLock { state in
          state.ledger.failSubtask()
          state.recall(LoadIncident(subject: unit.subject, reason: failure.reason))
        }
        return await conclude(ticket, ticket.fail(failure.reason, settled: progress.bytes))
      }
      await retry(unit.subject, after: delay, because: failure.reason)
      guard isRunning else { return }
    }
  }

  /// Asks for one range; nil when it is cached now.
  private func attemptLoad(
    of unit: LoadUnit, _ progress: LoadProgress
  ) async -> LoadFailure? {
    let bytes = bytes(of: unit.pages, in: unit.ticket.file)
    if let throttle {
      await source.pause(for: throttle.reserve(bytes, now: source.now))
      guard isRunning else { return LoadFailure(reason: "stopped") }
    }
    state.withLock { $0.ledger.attempt() }
    switch await source.load(unit.ticket.file, pages: unit.pages, turns: turns, progress: progress)
    {
    case .cached(_, let resident):
      throttle?.refund(min(bytes, resident))
      progress.reach(bytes)
      return nil
    case .rejected(let reason):
      return LoadFailure(
        reason: "the cache has no room: \(reason)", retryAfter: .milliseconds(100))
    case .failed(let failure): return failure
    }
  }

  /// How long to wait before the next attempt at a range first asked for at `start`; nil when it is given up.
  private func pause(
    after failure: LoadFailure, attempt: Int, since start: UInt64
  ) -> Duration? {
    guard let advice = failure.retryAfter else { return nil }
    let delay = backoff(advice, attempt: attempt)
    guard failure.isOutage else { return attempt < limits.attemptCountMax ? delay : nil }
    let elapsed = Duration.nanoseconds(Int64(clamping: source.now &- start))
    return elapsed < limits.outageMax ? min(delay, max(advice, limits.outageBackoffMax)) : nil
  }

  private func retry(_ subject: String, after delay: Duration, because reason: String) async {
    state.withLock { state in
      state.ledger.beginRetry()
      state.retries[subject] = reason
    }
    await source.pause(for: delay)
    state.withLock { state in
      state.ledger.endRetry()
      state.retries[subject] = nil
    }
  }

  /// Settles a file once its last range is done.
  func conclude(_ ticket: LoadTicket, _ verdict: LoadTicket.Verdict) async {
    switch verdict {
    case .open: return
    case .loaded:
      state.withLock { state in
        state.ledger.finishLoaded()
        state.checklist.record(ticket.entry(wasSkipped: false), path: ticket.file.ufsPath)
      }
    case .failed(let unsettled, let reason):
      // The cached part of a failed file stays counted as loaded bytes: they are in the cache.
      fail(ticket, unsettled: unsettled, reason)
    case .changed(let settled):
      await reload(ticket, settled: settled)
    }
  }

  /// Loads the version a file has now, in place of the one it had when it was listed.
  private func reload(_ ticket: LoadTicket, settled: Int64) async {
    let unsettled = ticket.file.length - settled
    guard ticket.revision < Self.revisionCountMax else {
      return fail(ticket, unsettled: unsettled, "the file keeps changing")
    }
    switch await source.status(of: ticket.file.ufsPath) {
    case .failure(let failure): fail(ticket, unsettled: unsettled, failure.reason)
    case .success(let file):
      let ranges = ranges(of: file)
      guard
        let next = LoadTicket(
          file, unitCount: max(1, ranges.count), revision: ticket.revision + 1)
      else { return fail(ticket, unsettled: unsettled, "the path is no longer a file") }
      state.withLock {
        $0.ledger.relist(oldBytes: ticket.file.length, loaded: settled, bytes: file.length)
      }
      if ranges.isEmpty { return await conclude(next, next.settle(bytes: 0)) }
      for pages in ranges where isRunning { await perform(LoadUnit(ticket: next, pages: pages)) }
    }
  }

  private func fail(_ ticket: LoadTicket, unsettled: Int64, _ reason: String) {
    state.withLock {
      $0.fail(
        LoadIncident(subject: ticket.file.ufsPath, reason: reason), pathHash: ticket.pathHash,
        unsettled: unsettled, keeping: limits.failedFileCountMax)
    }
  }

  /// Takes back what is counted as cached and no longer is: the cache was too small for the data.
  func checkResidency() async {
    guard isRunning else { return }
    let (checklist, failedPaths) = state.withLock { ($0.checklist, $0.failedPaths) }
    for (place, entry) in checklist.entries.enumerated() {
      // A long list must not hold a ring.
      if place % 256 == 255 { await Task.yield() }
      let missing = entry.length - source.residentBytes(of: entry.key)
      guard missing > 0, isRunning, !failedPaths.contains(entry.pathHash) else { continue }
      state.withLock { state in
        state.ledger.lose(bytes: missing, wasSkipped: entry.wasSkipped)
        state.keep(
          LoadIncident(
            subject: checklist.path(of: entry) ?? "a file whose path was not kept",
            reason: "\(SizeText.print(missing)) left the cache again before the job ended:"
              + " the data does not fit the cache, or the file changed"),
          keeping: limits.failedFileCountMax)
      }
    }
  }

  /// The pages of `file`, in ranges of at most the job's size; made one by one, as a sparse file may have billions.
  func ranges(of file: FileStatus) -> PageRanges {
    let pageSize = source.pageSize
    let pageCount = file.length > 0 ? UInt32(clamping: (file.length - 1) / pageSize + 1) : 0
    var rangeBytes = limits.rangeBytes
    // With a bandwidth, small ranges: a quarter of a second each.
    if let bandwidth = options.bandwidth { rangeBytes = min(rangeBytes, bandwidth / 4) }
    return PageRanges(
      pageCount: pageCount, step: UInt32(clamping: max(1, rangeBytes / pageSize)))
  }

  /// Bytes of `pages` in `file`, whose last page may be short.
  func bytes(of pages: Range<UInt32>, in file: FileStatus) -> Int64 {
    let start = Int64(pages.lowerBound) * source.pageSize
    return min(file.length, Int64(pages.upperBound) * source.pageSize) - start
  }

  /// How long to wait before attempt `attempt` + 1: the advice, doubled each time, bounded.
  func backoff(_ advice: Duration, attempt: Int) -> Duration {
    min(limits.backoffMax, advice * (1 << min(attempt - 1, 16)))
  }
}

extension LoadTicket {
  /// The checklist's entry for this file.
  func entry(wasSkipped: Bool) -> LoadChecklist.Entry {
    LoadChecklist.Entry(
      key: key, pathHash: pathHash, length: file.length, wasSkipped: wasSkipped)
  }
}

extension LoadJob.State {
  /// Gives a pending file up.
  mutating func fail(
    _ incident: LoadIncident, pathHash: UInt64?, unsettled: Int64, keeping countMax: Int
  ) {
    ledger.fail(unsettled: unsettled)
    if let pathHash { failedPaths.insert(pathHash) }
    keep(incident, keeping: countMax)
  }

  /// Remembers a failed file by name, up to `countMax` of them.
  mutating func keep(_ incident: LoadIncident, keeping countMax: Int) {
    if failedFiles.count < countMax { failedFiles.append(incident) }
    recall(incident)
  }

  /// Remembers an incident among the last few.
  mutating func recall(_ incident: LoadIncident) {
    recentFailures.append(incident)
    if recentFailures.count > LoadJob.incidentCountMax { recentFailures.removeFirst() }
  }
}
