// Whether files that a job counts left the cache while it ran: freed, evicted, expired, or on a disk that failed.
//
//   end of a pass ─▶ each worker relied on: all there? ─yes─▶ SUCCEEDED
//                                    │ no: so many gone
//                                    ├─▶ VERIFYING, loads them again      (a few times)
//                                    └─▶ VERIFYING, only says what is gone ─▶ FAILED, exactly

import Model

extension SchedulerCore {
  /// Questions of an audit that may come to nothing before it is given up.
  private static let brokenAuditCountMax = 20

  /// Ends a job whose pass is through and whose workers are those that loaded its files, unless some left the cache.
  func finishAudited(_ run: JobRun) {
    switch finding(of: run) {
    case .waits: return
    case .holds: end(run, failure: run.ledger.failed.files > 0 ? partialFailure(of: run) : nil)
    case .lost(let reason, let fits):
      guard run.totals.verificationCount < limits.verificationCountMax else {
        return end(
          run, failure: "Verified \(run.totals.verificationCount) times, and again \(reason).")
      }
      let isCheck = !fits || run.reloadCount >= limits.reloadCountMax
      run.reloadCount += 1
      verify(run, because: reason, isCheck: isCheck)
    }
  }

  private func partialFailure(of run: JobRun) -> String {
    guard run.isCheck else {
      return absentWorkers(of: run).map { "Job partially failed. \($0)" } ?? "Job partially failed."
    }
    let failed = run.ledger.failed
    return
      "\(failed.files) files (\(SizeText.print(failed.bytes))) left the cache while the job ran:"
      + " the data does not fit the cache, or is freed by somebody else."
  }

  /// What the workers say of a job's files; asks those that were not asked yet.
  private func finding(of run: JobRun) -> AuditFinding {
    let specification = run.record.specification
    // What has failed anyway is not looked at further.
    guard specification.type == .load, !specification.options.metadataOnly,
      run.ledger.failed.files == 0, !run.reliance.incarnations.isEmpty
    else { return .holds }
    var audit =
      run.audit
      ?? JobAudit(places: run.reliance.incarnations.keys.sorted().compactMap { places[$0] })
    ask(run, &audit)
    run.audit = audit
    guard audit.places.isEmpty, audit.openCount == 0 else { return .waits }
    if audit.missing.files > 0 {
      let size = SizeText.print(audit.missing.bytes)
      return .lost(
        "\(audit.missing.files) files (\(size)) left the cache while the job ran", fits: audit.fits)
    }
    // A verification that found everything there is the best answer there is.
    guard let doubt = audit.doubt, !run.isVerification || run.ledger.loaded.files > 0 else {
      return .holds
    }
    return .lost(doubt, fits: true)
  }

  /// Asks the workers that can be asked now.
  private func ask(_ run: JobRun, _ audit: inout JobAudit) {
    guard !isHolding else { return }
    var later: [Int] = []
    for place in audit.places {
      guard workers[place].isLive, workers[place].blockedUntil <= now.ticks else {
        later.append(place)
        continue
      }
      audit.openCount += 1
      sendAudit(of: run, to: place)
    }
    audit.places = later
  }

  /// Sends the question, whether a slot is free or not: it is a look, not work.
  private func sendAudit(of run: JobRun, to place: Int) {
    let id = TaskID(epoch: epoch, number: takeNumber())
    let task = TaskRun(id: id, run: run, place: place, units: [], now: now.ticks)
    task.isAudit = true
    if tasks.isEmpty { stallDue = now.ticks &+ 1_000_000_000 }
    tasks[id.number] = task
    run.tasks.insert(id.number)
    run.taskCounts[place] += 1
    workers[place].taskCount += 1
    metrics.dispatchedTasks += 1
    var request = TaskRequest(
      id: id, job: run.id, worker: workers[place].info.identity, action: .audit,
      specification: run.record.specification, files: [TaskFile(path: task.path)])
    request.pass = run.totals.verificationCount
    request.continues = true
    effects.append(.dispatch(request))
  }

  // MARK: Answers

  /// A worker has answered, or will not.
  func takeAudit(_ task: TaskRun, _ end: TaskEnd) {
    switch task.finding {
    case .missing(let count, let fits)?:
      task.run.audit?.missing += FileCount(files: max(0, count.files), bytes: max(0, count.bytes))
      if !fits { task.run.audit?.fits = false }
    case .failed(let failure)?: return doubt(task, failure.reason)
    case .done?, .skipped?, .freed?: break
    case nil:
      if case .failed = end { workers[task.place].brokenCount += 1 }
      let pause = backoff(max(2, workers[task.place].brokenCount))
      workers[task.place].blockedUntil = now.ticks &+ pause
      return askAgain(task)
    }
    workers[task.place].brokenCount = 0
    task.run.audit?.openCount -= 1
  }

  /// A question came to nothing: it is asked again, a bounded number of times.
  func askAgain(_ task: TaskRun) {
    guard let audit = task.run.audit, audit.brokenCount < Self.brokenAuditCountMax else {
      return doubt(task, "does not answer")
    }
    task.run.audit?.brokenCount += 1
    task.run.audit?.openCount -= 1
    task.run.audit?.places.append(task.place)
  }

  /// A worker cannot say whether everything is there.
  func doubt(_ task: TaskRun, _ reason: String) {
    task.run.audit?.openCount -= 1
    task.run.audit?.doubt = "\(workers[task.place].info.name): \(reason)"
  }
}
