// What a task does with each file.

import Model
import Scheduler

extension TaskExecution {
  /// What is to be asked for of a file; nothing when it is settled already.
  func plan(_ index: Int) async -> [TaskUnit] {
    let file = request.files[index]
    switch request.action {
    case .free: return [TaskUnit(index: index, work: .free(file.path))]
    case .loadMetadata: return [TaskUnit(index: index, work: .metadata(Self.status(of: file)))]
    case .load, .verify, .check: return await planLoad(index, file)
    case .audit:
      settle(index, await audit())
      return []
    case .copy, .move:
      guard !file.target.isEmpty else {
        settle(index, .failed(FileFailure(.file, "it has no place below the destination")))
        return []
      }
      let options = request.specification.options
      let order = TransferOrder(
        file: file, overwrite: options.overwrite, checksContent: options.checkContent,
        deletesSource: request.action == .move)
      return [TaskUnit(index: index, work: .transfer(order))]
    }
  }

  private func planLoad(_ index: Int, _ file: TaskFile) async -> [TaskUnit] {
    var status = Self.status(of: file)
    if status.version == nil {
      switch await source.status(of: file.path) {
      case .success(let found): status = found
      case .failure(let failure):
        settle(index, .failed(FileFailure(failure)))
        return []
      }
    }
    guard status.kind == .file, status.length <= source.capacity else {
      let reason =
        status.kind == .file
        ? "the file is larger than the cache" : "the file is a directory now"
      settle(index, .failed(FileFailure(.file, reason)))
      return []
    }
    guard let pages = pages(of: file, in: status),
      let ticket = LoadTicket(status, unitCount: max(1, pages.count))
    else {
      settle(index, .failed(FileFailure(.file, "the UFS gives no version, or no such range")))
      return []
    }
    source.nameAgain(status)
    let isThere = isThere(file, pages, ticket)
    let options = request.specification.options
    if isThere, request.action != .load || options.skipIfExists && status.length > 0 {
      // What is found is counted on as what is brought; it may leave before it is noted, and then is as if not found.
      job.note(entry(of: file, ticket))
      if self.isThere(file, pages, ticket) {
        settle(index, .skipped)
        return []
      }
    }
    if request.action == .check, !pages.isEmpty {
      let reason = "it is not in the cache: it left while the job ran"
      settle(index, .failed(FileFailure(.file, reason)))
      return []
    }
    if pages.isEmpty {
      settle(index, .done(bytes: 0))
      return []
    }
    return pages.map { TaskUnit(index: index, work: .pages(ticket, $0)) }
  }

  /// Whether a task's file or range is cached at the ticket's version.
  private func isThere(_ file: TaskFile, _ pages: [Range<UInt32>], _ ticket: LoadTicket) -> Bool {
    guard file.isWhole else {
      return pages.allSatisfy { source.holds($0, of: ticket.key) }
    }
    return source.residentBytes(of: ticket.key) >= ticket.file.length
  }

  /// Whether everything that the job counts on this worker is still there.
  private func audit() async -> FileOutcome {
    let (job, source, pass) = (job, source, request.pass)
    let finding = await source.offload {
      job.finding(pass: pass, departures: source.departureCount, capacity: source.capacity) {
        entry in
        guard let pages = entry.pages else { return source.residentBytes(of: entry.key) }
        return source.holds(pages, of: entry.key) ? entry.length : 0
      }
    }
    switch finding {
    case .holds: return .done(bytes: 0)
    case .missing(let count, let fits): return .missing(count, fits: fits)
    case .unknown:
      return .failed(FileFailure(.worker, "pages left the cache, and not every file is remembered"))
    }
  }

  /// What is remembered of a task's file or range that is cached.
  private func entry(of file: TaskFile, _ ticket: LoadTicket) -> JobWork.Entry {
    var entry = JobWork.Entry(key: ticket.key, length: ticket.file.length)
    guard !file.isWhole, file.size > 0 else { return entry }
    entry.length = file.size
    entry.pages =
      UInt32(
        clamping: file.offset / source.pageSize)..<(UInt32(
        clamping: (file.offset + file.size - 1) / source.pageSize) + 1)
    return entry
  }

  /// The status that a listing told; without a version when it told none.
  private static func status(of file: TaskFile) -> FileStatus {
    let length = max(0, file.length)
    return FileStatus(
      ufsPath: file.path, kind: .file, length: length, modificationTime: file.modificationTime,
      version: file.version.isEmpty ? nil : FileVersion(token: file.version, length: length))
  }

  /// The pages of a task's file or range, cut into what is asked for at once; nil for a range beyond the file.
  private func pages(of file: TaskFile, in status: FileStatus) -> [Range<UInt32>]? {
    let pageSize = source.pageSize
    let (start, size) = file.isWhole ? (0, status.length) : (file.offset, file.size)
    let (sum, overflow) = start.addingReportingOverflow(size)
    guard start >= 0, size >= 0, !overflow, sum <= status.length else { return nil }
    guard size > 0 else { return [] }
    var step = limits.rangeBytes
    // With a bandwidth, small ranges: a quarter of a second each.
    if let bandwidth = request.specification.options.bandwidth { step = min(step, bandwidth / 4) }
    let count = UInt32(clamping: max(1, step / pageSize))
    let first = UInt32(clamping: start / pageSize)
    let end = UInt32(clamping: (sum - 1) / pageSize + 1)
    return PageRanges(pageCount: end - first, step: count).map {
      ($0.lowerBound + first)..<($0.upperBound + first)
    }
  }

  /// Does one piece of the task.
  func perform(_ unit: TaskUnit) async {
    switch unit.work {
    case .metadata(let status):
      if let failure = await source.loadMetadata(status) {
        return settle(unit.index, .failed(FileFailure(failure)))
      }
      settle(unit.index, .done(bytes: 0))
    case .free(let path):
      switch await frees.free(ufsPath: path) {
      case .success(let count): settle(unit.index, .freed(count))
      case .failure(let failure): settle(unit.index, .failed(FileFailure(failure)))
      }
    case .transfer(let order): await transfer(unit.index, order)
    case .pages(let ticket, let pages): await load(unit.index, ticket, pages)
    }
  }

  private func transfer(_ index: Int, _ order: TransferOrder) async {
    let start = source.now
    for attempt in 1... {
      let outcome = await transfers.transfer(order) { bytes in
        await self.waitForBandwidth(bytes, at: index)
        self.progress(at: index, bytes: bytes)
        return !self.isCancelled
      }
      switch outcome {
      // What was done before the task was called off is told all the same.
      case .done(let bytes): return settle(index, .done(bytes: bytes))
      case .skipped: return settle(index, .skipped)
      case .failed(let failure):
        guard !isCancelled else { return }
        guard failure.kind != .changed,
          let delay = pause(after: failure, attempt: attempt, since: start)
        else { return settle(index, .failed(FileFailure(failure))) }
        beginAnew(at: index)
        progress(at: index)
        await source.pause(for: delay)
        guard !isCancelled else { return }
      }
    }
  }

  private func load(_ index: Int, _ ticket: LoadTicket, _ pages: Range<UInt32>) async {
    guard ticket.isWorthwhile else { return conclude(index, ticket, ticket.leave(), nil) }
    let start = source.now
    let progress = LoadProgress { self.progress(at: index, bytes: $0) }
    for attempt in 1... {
      guard let failure = await attemptLoad(index, ticket, pages, progress) else {
        let bytes = bytes(of: pages, in: ticket.file)
        progress.reach(bytes)
        return conclude(index, ticket, ticket.settle(bytes: bytes), nil)
      }
      guard !isCancelled else { return }
      if failure.kind == .changed { return conclude(index, ticket, ticket.change(), failure) }
      guard let delay = pause(after: failure, attempt: attempt, since: start) else {
        return conclude(index, ticket, ticket.fail(failure.reason), failure)
      }
      self.progress(at: index)
      await source.pause(for: delay)
      guard !isCancelled else { return }
    }
  }

  /// Asks for one range; nil when it is cached now.
  private func attemptLoad(
    _ index: Int, _ ticket: LoadTicket, _ pages: Range<UInt32>, _ progress: LoadProgress
  ) async -> LoadFailure? {
    let bytes = bytes(of: pages, in: ticket.file)
    await waitForBandwidth(bytes, at: index)
    guard !isCancelled else { return LoadFailure(reason: "cancelled") }
    switch await source.load(
      ticket.file, pages: pages, turns: request.job.turns, progress: progress)
    {
    case .cached(_, let resident):
      job.throttle?.refund(min(bytes, resident))
      return nil
    case .rejected(let reason):
      return LoadFailure(
        reason: "the cache has no room: \(reason)", retryAfter: .milliseconds(100))
    case .failed(let failure): return failure
    }
  }

  /// Waits until the job's bandwidth has room for `bytes`; meanwhile the task gets on.
  private func waitForBandwidth(_ bytes: Int64, at index: Int) async {
    guard let throttle = job.throttle else { return }
    var left = throttle.reserve(bytes, now: source.now)
    while left > .zero {
      guard !isCancelled else { return throttle.refund(bytes) }
      let step = min(left, .seconds(1))
      await source.pause(for: step)
      left -= step
      progress(at: index)
    }
  }

  /// How long to wait before the next attempt at a range first asked for at `start`; nil when it is given up.
  ///
  /// A UFS that is away says nothing of the file: it is asked for longer than one that refuses it.
  private func pause(
    after failure: LoadFailure, attempt: Int, since start: UInt64
  ) -> Duration? {
    guard let advice = failure.retryAfter else { return nil }
    let delay = min(limits.backoffMax, advice * (1 << min(attempt - 1, 16)))
    guard failure.isOutage else { return attempt < limits.attemptCountMax ? delay : nil }
    let elapsed = Duration.nanoseconds(Int64(clamping: source.now &- start))
    return elapsed < limits.outageMax ? min(delay, max(advice, limits.outageBackoffMax)) : nil
  }

  /// Settles a file once its last range is done.
  private func conclude(
    _ index: Int, _ ticket: LoadTicket, _ verdict: LoadTicket.Verdict, _ failure: LoadFailure?
  ) {
    let file = request.files[index]
    switch verdict {
    case .open: return
    case .changed:
      settle(index, .failed(FileFailure(.changed, "the file changed", retryAfter: .zero)))
    case .failed(_, let reason): settle(index, .failed(FileFailure(.file, reason)))
    case .loaded:
      // Noted first: what leaves after the look is found by an audit.
      let entry = entry(of: file, ticket)
      job.note(entry)
      let resident =
        entry.pages.map { source.holds($0, of: ticket.key) ? entry.length : 0 }
        ?? source.residentBytes(of: ticket.key)
      let missing = entry.length - resident
      guard missing <= 0 else {
        let reason =
          "\(SizeText.print(missing)) left the cache again: it is too small, or was freed meanwhile"
        return settle(
          index, .failed(FileFailure(.file, reason, retryAfter: .milliseconds(100))))
      }
      settle(index, .done(bytes: entry.length))
    }
  }

  /// Bytes of `pages` in `file`, whose last page may be short.
  private func bytes(of pages: Range<UInt32>, in file: FileStatus) -> Int64 {
    let start = Int64(pages.lowerBound) * source.pageSize
    return min(file.length, Int64(pages.upperBound) * source.pageSize) - start
  }
}

extension FileFailure {
  /// What a failed load means for the job.
  init(_ failure: LoadFailure) {
    self.init(
      failure.kind == .changed ? .changed : .file, failure.reason, retryAfter: failure.retryAfter)
  }
}
