// A job at work: its listing, its files in memory and what of it is not yet written.
//
//   listing pages   [watermark ─ page ─ page ─ page ─▶ cursor]        the watermark moves when a page's files are settled
//   files           page → queue of a worker → task → settled
//                                 ▲              │
//                                 └── retries ◀──┘

/// An end that waits until the tasks it called off have said what they did.
struct Closing {
  /// Why the job failed; nil unless it did.
  var failure: String?
  /// Until when, ticks.
  var due: UInt64
}

/// A running or verifying job; belongs to the core.
final class JobRun {
  /// The record as it is on disk.
  var record: JobRecord
  /// Orders jobs by age.
  let sequence: UInt64
  /// Files of a task.
  let batchSize: Int
  /// The transitions.
  var machine: JobStateMachine
  /// The counts.
  var totals = JobTotals()
  /// Whether the pass at work is the verification.
  var isVerification = false
  /// What it counts as loaded is on these workers, as they were then.
  var reliance = JobReliance()
  /// What the workers are asked at the end of a pass; nil before.
  var audit: JobAudit?
  /// Verifications that loaded again what had left the cache.
  var reloadCount = 0
  /// Whether the pass at work loads nothing, and says what is missing.
  var isCheck = false
  /// Whether the state is on disk and work may be done.
  var isStarted = false
  /// The end that waits for what its tasks have done; nil before, and when nobody has to be waited for.
  var closing: Closing?
  /// The record of the end that is being written; nil before.
  var ending: JobRecord?
  /// Requests to be answered when the end is on disk.
  var stopRequests: [UInt64] = []

  /// Where the next page begins.
  var cursor: String?
  /// The page that was asked for.
  var listNumber: UInt64?
  /// Attempts at that page that failed.
  var listAttemptCount = 0
  /// When the first of them did, ticks, and what the last one said.
  var listFailure: (since: UInt64, reason: String)?
  /// When it is asked for again, ticks.
  var listDue: UInt64?
  /// Whether this pass's listing is complete.
  var isListed = false
  /// The page that is being written before its files are planned.
  var pendingPage: UInt64?
  /// Number of the next page that is written.
  var nextPage: UInt64 = 0
  /// The count of the rest that was asked for.
  var countNumber: UInt64?
  /// What was listed when that was asked for.
  var countBase = FileCount()
  /// Pages with files that are not settled, or behind such.
  var pages: [OpenPage] = []
  /// Number of the first of them.
  var firstPage: UInt64 = 0
  /// Where the checkpoint stands.
  var watermark: String?
  /// Whether that is the end of the listing.
  var isWatermarkAtEnd = false

  /// Files to be sent, by the worker's place.
  var queues: [WorkQueue<FileWork>] = []
  /// Places of workers that a FREE has to ask and that are away.
  var awayPlaces: Set<Int> = []
  /// Files for which there is no worker.
  var homeless = WorkQueue<FileWork>()
  /// Files that wait for another attempt.
  var retries = Heap<Retry> { ($0.due, $0.number) < ($1.due, $1.number) }
  /// Files of several units.
  var splits: [Int32: SplitFile] = [:]
  /// Names the next of them.
  var nextSplit: Int32 = 0
  /// Numbers of its tasks that count.
  var tasks: Set<UInt64> = []
  /// Whether a worker was given something of it.
  var hasDispatched = false
  /// Its tasks by the worker's place.
  var taskCounts: [Int] = []
  /// Units in memory that do not wait for another attempt.
  var unitCount = 0

  /// Files settled since the last write, with their pages.
  var settled: [(key: String, page: UInt64)] = []
  /// Files given up since the last write.
  var givenUp: [FailedFile] = []
  /// Files given up in all passes since this run of the coordinator began.
  var givenUpCount: Int64 = 0
  /// Whether there is something to write.
  var isDirty = false
  /// Number of the next result.
  var nextResult: UInt64 = 0
  /// Failed files written.
  var failureCount: UInt64 = 0
  /// Files that results of before a restart settled and the listing has not shown again, and how often.
  var recovered: [FileDigest: Int] = [:]
  /// Those results.
  var recoveredResults: [UInt64] = []
  /// The last failures.
  var recentFailures = RecentFailures()
  /// The last retries.
  var recentRetries = RecentFailures()

  /// A run of `record`.
  init(_ record: JobRecord, sequence: UInt64, batchSize: Int) {
    self.record = record
    self.sequence = sequence
    self.batchSize = batchSize
    self.machine = JobStateMachine(record.state)
    self.totals = record.totals
  }

  /// The job's UUID.
  var id: JobID { record.id }

  /// Whether nothing more is dispatched or listed.
  var isEnding: Bool { ending != nil || closing != nil }

  /// Whether work may be done.
  var isActive: Bool { isStarted && !isEnding }

  /// The books of the pass at work.
  var ledger: JobLedger {
    get { isVerification ? totals.verification ?? JobLedger() : totals.ledger }
    set {
      if isVerification { totals.verification = newValue } else { totals.ledger = newValue }
    }
  }

  /// Whether all files of a complete listing are settled.
  var isExhausted: Bool {
    isListed && unitCount == 0 && retries.count == 0 && splits.isEmpty && listNumber == nil
      && pendingPage == nil
  }

  /// Forgets all work, keeping the counts.
  func dropWork() {
    queues = queues.map { _ in WorkQueue() }
    homeless = WorkQueue()
    retries = Heap { ($0.due, $0.number) < ($1.due, $1.number) }
    splits = [:]
    pages = []
    unitCount = 0
    settled = []
    recovered = [:]
    recoveredResults = []
    (listNumber, listDue, countNumber, pendingPage) = (nil, nil, nil, nil)
    totals.retrying = 0
  }

  /// Whether a result of before a restart settled what `key` names; each does so once.
  func takeRecovered(_ key: String) -> Bool {
    guard !recovered.isEmpty else { return false }
    let digest = FileDigest(of: key)
    guard let count = recovered[digest] else { return false }
    recovered[digest] = count > 1 ? count - 1 : nil
    return true
  }

  /// Begins a pass at the start of the listing.
  func beginPass(isVerification: Bool) {
    dropWork()
    self.isVerification = isVerification
    if isVerification { totals.verification = JobLedger() }
    reliance = JobReliance()
    (audit, isCheck) = (nil, false)
    (cursor, watermark, isListed, isWatermarkAtEnd) = (nil, nil, false, false)
    listFailure = nil
    (listAttemptCount, firstPage, nextResult, failureCount) = (0, 0, 0, 0)
  }

  /// The checkpoint of now.
  var checkpoint: JobCheckpoint {
    var checkpoint = JobCheckpoint()
    checkpoint.isVerification = isVerification
    checkpoint.cursor = watermark
    checkpoint.isListed = isWatermarkAtEnd
    checkpoint.totals = totals
    checkpoint.nextResult = nextResult
    checkpoint.failureCount = failureCount
    checkpoint.reliance = reliance
    return checkpoint
  }
}
