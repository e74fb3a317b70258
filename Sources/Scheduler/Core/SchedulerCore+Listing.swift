// Listing: a page at a time, and only while the files in memory are below the windows.

import Model

extension SchedulerCore {
  /// Asks for the next page of a job when there is room for it.
  func list(_ run: JobRun) {
    guard run.isActive, !run.isListed, run.listNumber == nil, run.pendingPage == nil, !isHolding
    else { return }
    if let due = run.listDue {
      guard now.ticks >= due else { return }
      run.listDue = nil
    }
    guard run.record.specification.type != .free else { return planFree(run) }
    guard hasRoom(run) else { return countAhead(run) }
    let number = takeNumber()
    run.listNumber = number
    metrics.listedPages += 1
    effects.append(.list(request(run, number)))
  }

  private func request(_ run: JobRun, _ number: UInt64) -> ListRequest {
    ListRequest(
      number: number, job: run.id, specification: run.record.specification, cursor: run.cursor,
      max: limits.listingPageSize)
  }

  private func hasRoom(_ run: JobRun) -> Bool {
    let page = limits.listingPageSize
    if run.unitCount <= page { return true }
    guard run.unitCount + page <= limits.jobWindow else { return false }
    return unitCount + page <= limits.totalWindow
  }

  /// Units of all jobs in memory.
  private var unitCount: Int { running.reduce(0) { $0 + $1.unitCount } }

  /// Has the rest of a listing counted that will take its time, so that reports know the whole.
  private func countAhead(_ run: JobRun) {
    guard !run.record.specification.options.partialListing, !run.isVerification,
      run.countNumber == nil, run.totals.expected == nil
    else { return }
    let number = takeNumber()
    run.countNumber = number
    run.countBase = run.ledger.listed
    effects.append(.count(request(run, number)))
  }

  /// What lies behind the cursor was counted.
  func takeCount(_ count: FileCount, number: UInt64, job: JobID) {
    guard let run = runs[job], run.countNumber == number, !run.isListed else { return }
    run.countNumber = nil
    run.totals.expected = run.countBase + count
  }

  /// A page has come.
  func take(_ page: ListedPage, number: UInt64, job: JobID) {
    guard let run = runs[job], run.isActive, run.listNumber == number else { return }
    run.listNumber = nil
    run.listAttemptCount = 0
    run.listFailure = nil
    guard run.record.specification.type == .move else { return plan(page, in: run) }
    // Once a file is moved no listing shows it: its page is on disk first.
    let planned = PlannedPage(number: run.nextPage, page)
    run.nextPage += 1
    run.pendingPage = planned.number
    write([.page(run.id, planned)], for: .page(run.id, planned))
  }

  /// A page is on disk.
  func pageWritten(_ id: JobID, _ planned: PlannedPage) {
    guard let run = runs[id], run.isActive, run.pendingPage == planned.number else { return }
    run.pendingPage = nil
    plan(planned.page, in: run, record: planned.number)
  }

  /// Takes up the files of a page.
  func plan(_ page: ListedPage, in run: JobRun, record: UInt64? = nil) {
    run.cursor = page.next
    let index = run.firstPage + UInt64(run.pages.count)
    run.pages.append(
      OpenPage(
        openCount: 0, repeatedCount: run.isVerification ? 0 : page.repeatedCount,
        filteredCount: run.isVerification ? 0 : page.filteredCount, next: page.next,
        record: record))
    for file in page.files { plan(listed: file, in: run, page: index) }
    for file in page.failed { fail(listed: file, in: run, page: index) }
    leaveOut(page.leftOutCount, of: run, before: page.next, page: index)
    if run.recovered.isEmpty, !run.recoveredResults.isEmpty {
      run.pages[run.pages.count - 1].results += run.recoveredResults
      run.recoveredResults = []
    }
    run.isDirty = true
    if page.next == nil { finishListing(run) }
    checkThresholds(run)
  }

  private func finishListing(_ run: JobRun) {
    run.isListed = true
    if !run.isVerification {
      run.totals.isListed = true
      run.totals.expected = nil
    }
    if run.countNumber != nil {
      run.countNumber = nil
      effects.append(.endListing(run.id))
    }
    effects.append(
      .note(.jobListed(run.id, run.ledger.listed, isVerification: run.isVerification)))
    readyAll(of: run)
  }

  /// Gives up a file that the listing was asked for and does not have, unless a result of before a restart has.
  private func fail(listed file: FailedFile, in run: JobRun, page: UInt64) {
    guard !run.takeRecovered(file.path) else { return }
    run.ledger.list(bytes: file.length)
    run.pages[Int(page - run.firstPage)].openCount += 1
    giveUp(TaskFile(path: file.path, length: file.length), page, file.reason, in: run)
  }

  /// Gives up entries without a usable name; the place of their page is what they are remembered by.
  private func leaveOut(_ count: Int64, of run: JobRun, before next: String?, page: UInt64) {
    let key = "\u{0}left out\u{0}\(next ?? "")"
    guard count > 0, !run.takeRecovered(key) else { return }
    run.ledger.add(failed: FileCount(files: count))
    let reason = "\(count) entries left out: \(LeftOut.reason(run.record.specification.subject))"
    run.pages[Int(page - run.firstPage)].openCount += 1
    let all = TaskFile(path: run.record.specification.subject)
    close(failed: all, count: count, key: key, page: page, reason, in: run)
  }

  /// A page did not come.
  func failListing(number: UInt64, job: JobID, reason: String, retryAfter: Duration?) {
    guard let run = runs[job], run.isActive, run.listNumber == number else { return }
    run.listNumber = nil
    run.listAttemptCount += 1
    metrics.failedPages += 1
    run.recentFailures.add("listing", reason)
    let since = run.listFailure?.since ?? now.ticks
    guard let advice = retryAfter else {
      return end(run, failure: "The listing failed: \(reason)")
    }
    let (age, limit) = (now.ticks &- since, limits.listRetryTime.clampedNanoseconds)
    guard age < limit else {
      return end(
        run,
        failure: "The listing failed for \(age / 1_000_000_000) s, asked"
          + " \(run.listAttemptCount) times: \(reason)")
    }
    run.listFailure = (since, reason)
    // The last attempt is made at the end of the time, however long the pauses have become.
    let pause = max(advice.clampedNanoseconds, backoff(run.listAttemptCount))
    run.listDue = now.ticks &+ min(pause, limit &- age)
  }

  /// Ends a job early that has failed beyond its thresholds.
  func checkThresholds(_ run: JobRun) {
    guard let count = limits.failureCountThreshold, limits.failureRatioThreshold < 10_000,
      run.isActive
    else { return }
    let (failed, settled) = (run.ledger.failed.files, run.ledger.settled.files)
    let (share, whole) = (
      failed.multipliedFullWidth(by: 10_000),
      settled.multipliedFullWidth(by: limits.failureRatioThreshold)
    )
    guard failed > count, (share.high, share.low) > (whole.high, whole.low) else { return }
    end(
      run,
      failure: "Too many files failed: \(failed) of \(settled), more than \(count) and than "
        + "\(limits.failureRatioText).")
  }

  /// The pause after the `attempt`th failure, 1-based.
  func backoff(_ attempt: Int) -> UInt64 {
    let base = limits.backoffBase.clampedNanoseconds
    let shift = UInt64(clamping: min(attempt - 1, 30))
    let (product, overflow) = base.multipliedReportingOverflow(by: 1 << shift)
    return min(overflow ? .max : product, limits.backoffMax.clampedNanoseconds)
  }
}
