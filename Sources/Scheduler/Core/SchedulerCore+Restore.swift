// After a restart: jobs as the store has them, before any event.

import Model

extension SchedulerCore {
  /// Takes up a job that a store gave back; oldest first, before any event.
  ///
  /// A job that runs goes on from its checkpoint; `results` are those that the store still has.
  package func restore(
    _ record: JobRecord, checkpoint: JobCheckpoint? = nil,
    results: [(number: UInt64, files: [FileDigest])] = []
  ) {
    guard !record.state.isTerminal else { return }
    for name in record.specification.identities { identities[name] = record.id }
    guard record.state != .waiting else { return enqueue(record) }
    let run = makeRun(record, sequence: nextSequence)
    nextSequence += 1
    run.isVerification = record.state == .verifying
    if run.isVerification { run.totals.verification = JobLedger() }
    if let checkpoint { resume(run, checkpoint, results) }
    run.isStarted = true
    effects.append(.note(.jobStarted(record.id, isResumed: true)))
  }

  private func resume(
    _ run: JobRun, _ checkpoint: JobCheckpoint, _ results: [(number: UInt64, files: [FileDigest])]
  ) {
    run.totals = checkpoint.totals
    _ = run.totals.ledger.giveBack()
    if var pass = run.totals.verification {
      _ = pass.giveBack()
      run.totals.verification = pass
    }
    run.totals.retrying = 0
    run.totals.expected = nil
    (run.cursor, run.watermark) = (checkpoint.cursor, checkpoint.cursor)
    run.isListed = checkpoint.isListed
    run.isWatermarkAtEnd = checkpoint.isListed
    run.nextResult = max(checkpoint.nextResult, (results.map(\.number).max() ?? 0) &+ 1)
    run.failureCount = checkpoint.failureCount
    run.reliance = checkpoint.reliance
    run.recoveredResults = results.map(\.number)
    for file in results.lazy.flatMap(\.files) { run.recovered[file, default: 0] += 1 }
    run.totals.isListed = checkpoint.isListed || run.isVerification
    run.isStarted = true
    for planned in checkpoint.pages {
      run.nextPage = planned.number + 1
      plan(planned.page, in: run, record: planned.number)
    }
  }

  /// Takes up a job whose record cannot be read: it fails, by name, and nothing else does.
  package func restoreDamaged(_ id: JobID, reason: String) {
    var record = JobRecord(
      id: id, JobSpecification(.load, .paths(["(unknown)"])), submittedAt: now.date)
    record.state = .failed
    record.failure = "The record of this job cannot be read: \(reason)"
    record.endedAt = now.date
    stopping[id] = StoppingJob(record: record, requests: [])
    write([.clearWork(id), .update(record)], for: .end(id))
  }
}
