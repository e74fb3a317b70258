// Jobs from submission to end.

import Model

extension SchedulerCore {
  // MARK: Submission

  func submit(_ request: UInt64, _ id: JobID, _ specification: JobSpecification) {
    if let problem = specification.problem {
      metrics.refusedInvalid += 1
      return refuse(request, SchedulerError(.invalid, problem))
    }
    let names = specification.identities
    if let active = names.lazy.compactMap({ self.identities[$0] }).first {
      // By its alias alone it is another job, which must not pass for the one that was asked for.
      guard let main = names.first, identities[main] == active else {
        metrics.refusedInvalid += 1
        return refuse(
          request,
          SchedulerError(
            .invalid,
            "the alias \(specification.alias ?? "") belongs to job \(active), which has other paths and has not ended: name another alias, or wait"
          ))
      }
      metrics.repeatedSubmissions += 1
      effects.append(.answer(request: request, .alreadyActive(active)))
      return
    }
    if waiting.count + submittingCount >= limits.waitingJobCountMax {
      metrics.refusedCapacity += 1
      return refuse(
        request,
        SchedulerError(
          .capacity,
          "Too many jobs running, please submit later. (\(limits.waitingJobCountMax) jobs wait)"))
    }
    if isHolding, let storeFailure {
      metrics.refusedStore += 1
      return refuse(request, storeFailure)
    }
    let record = JobRecord(id: id, specification, submittedAt: now.date)
    for name in names { identities[name] = id }
    submittingCount += 1
    write([.add(record)], for: .submission(request: request, record))
  }

  /// The submission is on disk.
  func submitted(_ request: UInt64, _ record: JobRecord) {
    submittingCount -= 1
    metrics.submittedJobs += 1
    metrics.submittedTypes[Int(record.specification.type.rawValue) - 1] += 1
    enqueue(record)
    effects.append(.note(.jobSubmitted(record)))
    effects.append(.answer(request: request, .submitted(record.id)))
  }

  /// Puts a job in the line.
  func enqueue(_ record: JobRecord) {
    let turn = WaitingTurn(
      priority: record.specification.options.priority, sequence: nextSequence, id: record.id)
    nextSequence += 1
    waiting[record.id] = WaitingJob(record: record.encoded, sequence: turn.sequence)
    turns.insert(turn)
  }

  /// Gives the names of a job free.
  func release(_ record: JobRecord) {
    for name in record.specification.identities where identities[name] == record.id {
      identities[name] = nil
    }
  }

  func refuse(_ request: UInt64, _ error: SchedulerError) {
    effects.append(.answer(request: request, .refused(error)))
  }

  // MARK: Start

  /// Gives jobs their turn while there is room.
  func startJobs() {
    guard !isHolding, now.ticks >= startsAt else { return }
    while running.count < limits.runningJobCountMax, let turn = turns.takeFirst() {
      guard let job = waiting.removeValue(forKey: turn.id),
        var record = JobRecord(id: turn.id, decoding: job.record)
      else { continue }
      let run = makeRun(record, sequence: job.sequence)
      guard run.machine.start() else { continue }
      record.state = run.machine.state
      record.startedAt = now.date
      write([.update(record)], for: .start(record.id, record))
    }
  }

  /// Puts a job among those that run.
  func makeRun(_ record: JobRecord, sequence: UInt64) -> JobRun {
    let size = record.specification.options.batchSize.map { Int($0) } ?? limits.batchSize
    let run = JobRun(record, sequence: sequence, batchSize: size)
    run.queues = workers.map { _ in WorkQueue() }
    run.taskCounts = workers.map { _ in 0 }
    running.append(run)
    runs[record.id] = run
    return run
  }

  /// The turn is on disk.
  func started(_ id: JobID, _ record: JobRecord) {
    guard let run = runs[id], !run.isEnding else { return }
    run.record = record
    run.isStarted = true
    metrics.waitMilliseconds &+= UInt64(clamping: now.date &- record.submittedAt)
    effects.append(.note(.jobStarted(id, isResumed: false)))
  }

  // MARK: End

  /// All files of a pass are settled.
  func finishPass(of run: JobRun) {
    switch standing(of: run) {
    case .waits: return
    case .lost(let reason):
      guard run.totals.verificationCount < limits.verificationCountMax else {
        return end(
          run,
          failure: "Verified \(run.totals.verificationCount) times, and again \(reason).")
      }
      verify(run, because: reason)
    case .short:
      let wanted = run.record.specification.options.replicas
      end(run, failure: "\(wanted) replicas of each file need more than \(live.count) workers.")
    case .holds:
      let specification = run.record.specification
      if specification.type == .load, specification.options.verify, !run.isVerification {
        return verify(run, because: "the job asks for it")
      }
      finishAudited(run)
    }
  }

  /// Lists everything again, to load what is missing, or with `isCheck` only to say what that is.
  func verify(_ run: JobRun, because reason: String, isCheck: Bool = false) {
    guard run.isVerification || run.machine.verify() else { return }
    run.isStarted = false
    var record = run.record
    record.state = run.machine.state
    run.totals.verificationCount += 1
    abandonTasks(of: run)
    run.beginPass(isVerification: true)
    run.isCheck = isCheck
    write(
      takeFailures(of: run) + [
        .update(record), .clearWork(run.id), .clearFailures(run.id),
        .checkpoint(run.id, run.checkpoint),
      ], for: .verification(run.id, record, reason: reason))
  }

  /// A verification's begin is on disk.
  func verifies(_ id: JobID, _ record: JobRecord, because reason: String) {
    guard let run = runs[id] else { return }
    run.record = record
    guard !run.isEnding else { return }
    run.isStarted = true
    metrics.verifications += 1
    effects.append(
      .note(.jobVerifies(id, pass: run.totals.verificationCount, because: reason)))
  }

  /// Ends a job by what it came to.
  func end(_ run: JobRun, failure: String?) {
    guard run.machine.finish(isGood: failure == nil) else { return }
    if run.isVerification, run.isExhausted, let pass = run.totals.verification {
      run.totals.ledger.conclude(pass)
    }
    close(run, failure: failure)
  }

  func stop(_ request: UInt64, _ id: JobID) {
    if let run = runs[id], run.machine.stop() {
      run.stopRequests.append(request)
      return close(run, failure: nil)
    }
    // Who asks again while that goes on is answered with the others.
    if let run = runs[id], run.machine.state == .stopped {
      return run.stopRequests.append(request)
    }
    if let job = waiting.removeValue(forKey: id),
      var record = JobRecord(id: id, decoding: job.record)
    {
      record.state = .stopped
      record.endedAt = now.date
      stopping[id] = StoppingJob(record: record, requests: [request])
      return write([.update(record)], for: .end(id))
    }
    refuse(request, SchedulerError(.notFound, "no job \(id) waits or runs"))
  }

  /// Takes a job's work back and writes its end.
  func writeEnd(of run: JobRun, failure: String?) {
    var record = run.record
    record.state = run.machine.state
    record.failure = failure
    record.endedAt = now.date
    if run.listNumber != nil || run.countNumber != nil { effects.append(.endListing(run.id)) }
    abandonTasks(of: run)
    run.dropWork()
    run.totals.givenBack = run.totals.ledger.giveBack()
    if var pass = run.totals.verification {
      _ = pass.giveBack()
      run.totals.verification = pass
    }
    record.totals = run.totals
    run.ending = record
    write(takeFailures(of: run) + [.clearWork(run.id), .update(record)], for: .end(run.id))
  }

  /// The end is on disk.
  func ended(_ id: JobID) {
    var requests: [UInt64] = []
    if let job = stopping.removeValue(forKey: id) {
      requests = job.requests
      announce(job.record)
    } else if let run = runs[id], let record = run.ending {
      runs[id] = nil
      running.removeAll { $0 === run }
      requests = run.stopRequests
      announce(record)
    }
    for request in requests { effects.append(.answer(request: request, .stopped(id))) }
  }

  private func announce(_ record: JobRecord) {
    release(record)
    switch record.state {
    case .succeeded: metrics.succeededJobs += 1
    case .failed: metrics.failedJobs += 1
    default: metrics.stoppedJobs += 1
    }
    if let start = record.startedAt {
      metrics.jobMilliseconds &+= UInt64(clamping: now.date &- start)
    }
    effects.append(.ended(record))
    guard record.totals.ledger.failed.files > 0 else { return }
    unlisted[record.id] = record
    if unlisted.count > Self.unlistedCountMax, let oldest = unlisted.keys.min() {
      unlisted[oldest] = nil
    }
  }

  /// The list of a job's failed files is on disk: its record says where.
  func failedListSaved(_ job: JobID, _ path: String) {
    guard var record = unlisted.removeValue(forKey: job) else { return }
    record.failedListPath = path
    write([.update(record)], for: .work)
  }
}
