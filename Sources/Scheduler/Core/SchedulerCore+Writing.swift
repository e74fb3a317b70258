// What is written, and what happens once it is on disk.

/// What a batch is for.
enum WritePurpose {
  /// A submission, to be answered.
  case submission(request: UInt64, JobRecord)
  /// A job's turn.
  case start(JobID, JobRecord)
  /// A job's verification, and why there is one.
  case verification(JobID, JobRecord, reason: String)
  /// A page of a listing, to be planned.
  case page(JobID, PlannedPage)
  /// A job's end.
  case end(JobID)
  /// Results, and whatever nobody waits for.
  case work
}

/// A batch that is not on disk yet.
struct Unwritten {
  /// Its number; 0 while it is held.
  var number: UInt64
  /// Its changes.
  var writes: [StoreWrite]
  /// What it is for.
  var purpose: WritePurpose
}

extension SchedulerCore {
  /// Has `writes` made, all or nothing, after everything before them.
  func write(_ writes: [StoreWrite], for purpose: WritePurpose) {
    let batch = Unwritten(number: 0, writes: writes, purpose: purpose)
    if isHolding { held.append(batch) } else { emit(batch) }
  }

  private func emit(_ batch: Unwritten) {
    var batch = batch
    batch.number = nextBatch
    nextBatch += 1
    metrics.storeBatches += 1
    unwritten.append(batch)
    effects.append(
      .write(StoreBatch(number: batch.number, fence: fence, writes: batch.writes)))
  }

  /// Everything up to `number` is on disk.
  func written(upTo number: UInt64) {
    if storeFailure != nil, let first = unwritten.first, first.number <= number {
      storeFailure = nil
      effects.append(.note(.storeWorks))
    }
    while let first = unwritten.first, first.number <= number {
      _ = unwritten.take(max: 1) { _ in false }
      complete(first.purpose)
    }
  }

  /// Nothing from `number` on is on disk, and nothing under this fence will be.
  func writeFailed(from number: UInt64, _ error: SchedulerError) {
    let all = unwritten.takeAll()
    let failed = all.filter { $0.number >= number }
    for batch in all where batch.number < number { unwritten.append(batch) }
    guard !failed.isEmpty else { return }
    metrics.storeFailures += 1
    fence += 1
    if storeFailure == nil { effects.append(.note(.storeFails(error))) }
    storeFailure = error
    isHolding = true
    storeDue = now.ticks &+ 1_000_000_000
    var kept: [Unwritten] = []
    for batch in failed {
      guard case .submission(let request, let record) = batch.purpose else {
        kept.append(batch)
        continue
      }
      submittingCount -= 1
      release(record)
      metrics.refusedStore += 1
      effects.append(.answer(request: request, .refused(error)))
    }
    held = kept + held
  }

  /// Tries the store again when its pause is over.
  func resumeWriting() {
    guard isHolding, now.ticks >= storeDue else { return }
    isHolding = false
    let batches = held
    held = []
    for batch in batches { emit(batch) }
    if batches.isEmpty { storeFailure = nil }
  }

  private func complete(_ purpose: WritePurpose) {
    switch purpose {
    case .submission(let request, let record): submitted(request, record)
    case .start(let id, let record): started(id, record)
    case .verification(let id, let record, let reason): verifies(id, record, because: reason)
    case .page(let id, let planned): pageWritten(id, planned)
    case .end(let id): ended(id)
    case .work: break
    }
  }

  /// Writes what a job's tasks came to since the last time.
  func flush(_ run: JobRun) {
    run.isDirty = false
    let passed = passPages(of: run)
    var writes = takeFailures(of: run)
    let open = run.settled.filter { $0.page >= run.firstPage }
    run.settled.removeAll(keepingCapacity: true)
    if let latest = open.map(\.page).max() {
      let number = run.nextResult
      run.nextResult += 1
      run.pages[Int(latest - run.firstPage)].results.append(number)
      writes.append(.result(run.id, number, open.map { FileDigest(of: $0.key) }))
    }
    if !passed.results.isEmpty { writes.append(.removeResults(run.id, passed.results)) }
    if !passed.pages.isEmpty { writes.append(.removePages(run.id, passed.pages)) }
    writes.append(.checkpoint(run.id, run.checkpoint))
    write(writes, for: .work)
  }

  /// The failed files since the last time, as far as they are kept.
  func takeFailures(of run: JobRun) -> [StoreWrite] {
    let room = limits.failedFileCountMax - min(limits.failedFileCountMax, run.failureCount)
    let kept = Array(run.givenUp.prefix(Int(clamping: room)))
    run.givenUp.removeAll(keepingCapacity: true)
    guard !kept.isEmpty else { return [] }
    defer { run.failureCount += UInt64(kept.count) }
    return [.failures(run.id, first: run.failureCount, kept)]
  }

  /// Moves the watermark over pages whose files are all settled.
  ///
  /// - Returns: results and written pages that are not needed any more.
  private func passPages(of run: JobRun) -> (results: [UInt64], pages: [UInt64]) {
    var passed: (results: [UInt64], pages: [UInt64]) = ([], [])
    var count = 0
    while count < run.pages.count, run.pages[count].openCount == 0 {
      // Counted with the watermark: a restart lists what is behind it again.
      run.totals.repeatedPaths &+= run.pages[count].repeatedCount
      run.totals.filteredFiles &+= run.pages[count].filteredCount
      passed.results += run.pages[count].results
      if let record = run.pages[count].record { passed.pages.append(record) }
      run.watermark = run.pages[count].next
      run.isWatermarkAtEnd = run.pages[count].next == nil
      count += 1
    }
    run.pages.removeFirst(count)
    run.firstPage += UInt64(count)
    return passed
  }
}
