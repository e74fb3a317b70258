// The scheduler's records and progress as messages of gRPC.

import Messages
import Model
import Scheduler

extension WireProgressResponse {
  /// The message of a job's progress; failures and retries only when it `isVerbose`.
  init(_ progress: JobProgress, isVerbose: Bool) {
    self.init()
    let (record, totals) = (progress.record, progress.totals)
    let report = JobReport(progress, isVerbose: isVerbose)
    jobID = "\(record.id)"
    (type, state) = (WireJobType(record.specification.type), WireJobState(record.state))
    source = WireJobSource(record.specification)
    options = Self.options(record.specification)
    counts = WireJobCounts(totals)
    isListingComplete = totals.isListed
    submittedAt = UInt64(clamping: record.submittedAt)
    startedAt = UInt64(clamping: record.startedAt ?? 0)
    endedAt = UInt64(clamping: record.endedAt ?? 0)
    elapsedMilliseconds = UInt64(clamping: progress.elapsedMilliseconds)
    throughput = UInt64(clamping: report.throughput ?? 0)
    failure = record.failure ?? ""
    failedFilesPath = record.failedListPath ?? ""
    waits = progress.waits ?? ""
    repeatedPaths = UInt64(clamping: totals.repeatedPaths)
    filteredFiles = UInt64(clamping: totals.filteredFiles)
    notice = report.notice ?? ""
    stage = report.stage ?? (record.state == .verifying ? "VERIFYING" : "")
    let now = Coordinator.ticks()
    stuckTasks = progress.stuckTasks.map { stuck in
      var task = WireStuckTask()
      (task.worker, task.path) = (stuck.workerName, stuck.path)
      task.sinceMilliseconds = now > stuck.since ? (now - stuck.since) / 1_000_000 : 0
      return task
    }
    guard isVerbose else { return }
    recentFailures = progress.recentFailures.map { WireFileReport($0, .failure) }
    recentRetries = progress.recentRetries.map { WireFileReport($0, .pending) }
  }

  /// Whether a reader of `other` learns nothing from this message but that time passed.
  func isAsGood(as other: WireProgressResponse) -> Bool {
    var (mine, others) = (self, other)
    for key in [\WireProgressResponse.elapsedMilliseconds, \.throughput] {
      (mine[keyPath: key], others[keyPath: key]) = (0, 0)
    }
    return mine == others
  }

  private static func options(_ job: JobSpecification) -> OneOf_Options {
    let options = job.options
    switch job.type {
    case .load:
      var wire = WireLoadOptions()
      wire.bandwidth = UInt64(clamping: options.bandwidth ?? 0)
      wire.verify = options.verify
      wire.partialListing = options.partialListing
      wire.metadataOnly = options.metadataOnly
      wire.skipIfExists = options.skipIfExists
      wire.fileFilterRegex = options.fileFilter ?? ""
      wire.replicas = UInt32(clamping: options.replicas)
      wire.batchSize = UInt32(clamping: options.batchSize ?? 0)
      wire.priority = options.priority
      wire.recursive = options.recursive
      return .load(wire)
    case .free:
      var wire = WireFreeOptions()
      wire.fileFilterRegex = options.fileFilter ?? ""
      wire.batchSize = UInt32(clamping: options.batchSize ?? 0)
      wire.priority = options.priority
      wire.recursive = options.recursive
      return .free(wire)
    case .copy: return .copy(WireTransferOptions(job))
    case .move: return .move(WireTransferOptions(job))
    }
  }
}

extension WireTransferOptions {
  fileprivate init(_ job: JobSpecification) {
    self.init()
    let options = job.options
    switch job.target {
    case .transfer(_, let destination), .indexedTransfer(_, _, let destination):
      target = destination
    case .paths, .index: break
    }
    checkContent = options.checkContent
    partialListing = options.partialListing
    fileFilterRegex = options.fileFilter ?? ""
    bandwidth = UInt64(clamping: options.bandwidth ?? 0)
    batchSize = UInt32(clamping: options.batchSize ?? 0)
    priority = options.priority
    recursive = options.recursive
    overwrite = WireOverwrite(options.overwrite)
  }
}

extension WireJobSource {
  fileprivate init(_ job: JobSpecification) {
    self.init()
    alias = job.alias ?? ""
    switch job.target {
    case .paths(let all): paths = all
    case .index(let index): indexFile = index
    case .transfer(let source, _): paths = [source]
    case .indexedTransfer(let index, let source, _): (indexFile, paths) = (index, [source])
    }
  }
}

extension WireJobCounts {
  fileprivate init(_ totals: JobTotals) {
    self.init()
    let ledger = totals.ledger
    (listedFiles, listedBytes) = Self.pair(ledger.listed)
    (doneFiles, doneBytes) = Self.pair(ledger.loaded)
    (skippedFiles, skippedBytes) = Self.pair(ledger.skipped)
    (failedFiles, failedBytes) = Self.pair(ledger.failed)
    inFlightFiles = UInt64(clamping: ledger.inFlight.files)
    doneTasks = UInt64(
      clamping: totals.subtasks - totals.failedSubtasks - totals.retriedSubtasks)
    failedTasks = UInt64(clamping: totals.failedSubtasks)
    retriedTasks = UInt64(clamping: totals.retriedSubtasks)
    retryingFiles = UInt64(clamping: totals.retrying)
    doneNonEmptyFiles = UInt64(clamping: ledger.loadedNonEmpty)
  }

  private static func pair(_ count: FileCount) -> (UInt64, UInt64) {
    (UInt64(clamping: count.files), UInt64(clamping: count.bytes))
  }
}

extension WireFileReport {
  /// The report of a file that was given up.
  init(_ file: FailedFile) {
    self.init()
    (path, state, message) = (file.path, .failure, file.reason)
    length = UInt64(clamping: file.length)
  }

  fileprivate init(_ failure: NamedFailure, _ state: WireFileState) {
    self.init()
    (path, self.state, message) = (failure.subject, state, failure.reason)
  }
}

extension WireJobSummary {
  /// One line of a list.
  init(_ record: JobRecord) {
    self.init()
    let job = record.specification
    jobID = "\(record.id)"
    (type, state) = (WireJobType(job.type), WireJobState(record.state))
    switch job.target {
    case .transfer(let source, let destination), .indexedTransfer(_, let source, let destination):
      (path, target) = (source, destination)
    case .paths, .index: path = job.subject
    }
    alias = job.alias ?? ""
    submittedAt = UInt64(clamping: record.submittedAt)
    endedAt = UInt64(clamping: record.endedAt ?? 0)
    priority = job.options.priority
  }
}

extension WireJobType {
  fileprivate init(_ type: JobType) {
    self =
      switch type {
      case .load: .load
      case .free: .free
      case .copy: .copy
      case .move: .move
      }
  }
}

extension WireJobState {
  fileprivate init(_ state: JobState) {
    self =
      switch state {
      case .waiting: .waiting
      case .running: .running
      case .verifying: .verifying
      case .succeeded: .succeeded
      case .failed: .failed
      case .stopped: .stopped
      }
  }
}
