// A coordinator's world under a seed: a store that may lose what is not acknowledged, listings, workers, time, crashes.
//
//   SchedulerCore ──effects──▶ writes (in order) · listings · tasks ──random order──▶ events ──▶ SchedulerCore
//
// A crash drops everything in memory, keeps the durable writes and any prefix of those that were only given to the store.

import DaemonDriver
import Membership
import Model

@testable import Scheduler

/// How a file behaves.
enum FileNature: Equatable {
  case good
  /// Fails for good at the first attempt.
  case gone
  /// Was asked for by name, and the listing does not find it.
  case absent
  /// Fails at every attempt, and says that another may help.
  case poisoned
  /// Fails so many times.
  case flaky(Int)
  /// Hangs the first task that meets it.
  case hangs
  /// Has another length than was listed.
  case changed(Int64)
  /// Is in the cache already.
  case resident
}

/// A file of the world.
struct WorldFile {
  var path: String
  var length: Int64
  var nature: FileNature
  /// How often a worker dealt with it, well or not.
  var attemptCount = 0
  var doneCount = 0
  /// Whether a MOVE has taken it away: no listing shows it.
  var isMoved = false
}

/// A task at a worker of the world.
struct WorldTask {
  var request: TaskRequest
  var next = 0
  var isCancelled = false
  var hangs = false
  /// The worker's run it was given to; a worker that was started anew has forgotten it.
  var life: Int
  /// Whether it was dispatched by a verification.
  var isVerification: Bool
}

/// What a worker remembers of a job in a pass.
struct WorldNotes {
  var pass: Int64
  var keys: Set<String> = []
  var isComplete: Bool
}

final class JobWorld {
  var random: SeededRandom
  var core: SchedulerCore
  var time = SchedulerTime(ticks: 1, date: 1_700_000_000_000)
  var limits: SchedulerLimits
  var epoch: UInt64 = 1

  /// What is durable, and what was given to the store after that.
  var table = MemoryTable()
  var given: [StoreBatch] = []
  var failedFence: UInt64 = 0

  var files: [String: [WorldFile]] = [:]
  var lists: [ListRequest] = []
  var counts: [ListRequest] = []
  var tasks: [UInt64: WorldTask] = [:]
  var lateTasks: [(TaskID, [FileResult])] = []
  var workers: [WorkerInfo]
  var isLive: [Bool]
  var lives: [Int]
  /// What each worker has in its cache: path and first byte of the range.
  var caches: [Set<String>]
  /// What each worker remembers of each job, by id and place.
  var noted: [String: WorldNotes] = [:]
  /// Whether audits wait for a step instead of being answered at once.
  var holdsAudits = false
  /// Whether a job that succeeds is looked for in them, and the jobs that were.
  var judgesCaches = false
  private var judged: Set<JobID> = []

  var answers: [UInt64: SchedulerAnswer] = [:]
  var ended: [JobID: [JobRecord]] = [:]
  var endOrder: [JobID] = []
  var notes: [SchedulerNote] = []
  var acknowledged: Set<JobID> = []
  var nextRequest: UInt64 = 1
  var disruptionCount = 0
  var problems: [String] = []
  var stuckFiles: Set<String> = []

  init(seed: UInt64, workerCount: Int, limits: SchedulerLimits) {
    random = SeededRandom(seed: seed)
    self.limits = limits
    workers = (0..<workerCount).map {
      WorkerInfo(WorkerIdentity(host: "worker-\($0)"), name: "worker-\($0):29999")
    }
    isLive = workers.map { _ in false }
    lives = workers.map { _ in 0 }
    caches = workers.map { _ in [] }
    core = SchedulerCore(limits: limits, placement: RingPlacement(), epoch: epoch, now: time)
  }

  // MARK: Doing

  func handle(_ event: SchedulerEvent) {
    core.handle(event, at: time)
    for effect in core.takeEffects() { take(effect) }
    check()
    guard !holdsAudits else { return }
    for (number, task) in tasks.sorted(by: { $0.key < $1.key })
    where task.request.action == .audit && tasks[number] != nil {
      answerAudit(number, task)
    }
  }

  /// A worker says whether it still has what a job counts there.
  func answerAudit(_ number: UInt64, _ task: WorldTask) {
    tasks[number] = nil
    let place = workers.firstIndex { $0.identity == task.request.worker } ?? 0
    let notes = noted["\(task.request.job)#\(place)"]
    var outcome = FileOutcome.failed(FileFailure(.worker, "not everything is remembered"))
    if let notes, notes.isComplete, notes.pass == task.request.pass {
      let missing = notes.keys.subtracting(caches[place]).count
      outcome =
        missing == 0
        ? .done(bytes: 0)
        : .missing(FileCount(files: Int64(missing), bytes: 10 * Int64(missing)), fits: true)
    }
    handle(.taskEnded(task.request.id, [FileResult(0, outcome)], .done))
  }

  /// A file leaves a worker's cache.
  func leave(_ place: Int) {
    let keys = caches[place].sorted()
    // An audit speaks of the moment of its answers.
    guard !keys.isEmpty, core.running.allSatisfy({ $0.audit == nil }) else { return }
    caches[place].remove(keys[random.below(keys.count)])
  }

  func submit(_ specification: JobSpecification) -> (request: UInt64, id: JobID) {
    let id = JobID.make(milliseconds: time.date, sequence: nextRequest, random: random.next())
    let request = nextRequest
    nextRequest += 1
    handle(.submit(request: request, id: id, specification))
    return (request, id)
  }

  private func take(_ effect: SchedulerEffect) {
    switch effect {
    case .write(let batch):
      judgeEnds(in: batch)
      given.append(batch)
    case .list(let request): lists.append(request)
    case .count(let request): counts.append(request)
    case .endListing(let job):
      lists.removeAll { $0.job == job }
      counts.removeAll { $0.job == job }
    case .dispatch(let request): start(request)
    case .cancel(let id, _): tasks[id.number]?.isCancelled = true
    case .answer(let request, let answer):
      if answers[request] != nil { problems.append("request \(request) answered twice") }
      answers[request] = answer
      if case .submitted(let id) = answer { acknowledged.insert(id) }
    case .ended(let record):
      ended[record.id, default: []].append(record)
      endOrder.append(record.id)
      if stored(record.id)?.state != record.state {
        problems.append("job \(record.id) ended as \(record.state.word) before that was durable")
      }
    case .removeEnded: break
    case .note(let note): notes.append(note)
    }
  }

  private func start(_ request: TaskRequest) {
    guard let place = workers.firstIndex(where: { $0.identity == request.worker }), isLive[place]
    else {
      problems.append("a task for a worker that is not there")
      return
    }
    if stored(request.job).map({ $0.state == .running || $0.state == .verifying }) != true {
      problems.append("a task of a job whose turn is not durable")
    }
    /// Whether a task takes one of a worker's slots.
    func takesSlot(_ request: TaskRequest) -> Bool {
      request.action != .audit && request.specification.options.bandwidth == nil
    }
    let count = tasks.values.count {
      $0.request.worker == request.worker && $0.life == lives[place] && takesSlot($0.request)
    }
    if count >= limits.tasksPerWorker, takesSlot(request) {
      problems.append("too many tasks at a worker")
    }
    let name = "\(request.job)#\(place)"
    if noted[name].map({ $0.pass < request.pass }) ?? true {
      noted[name] = WorldNotes(pass: request.pass, isComplete: !request.continues)
    }
    tasks[request.id.number] = WorldTask(
      request: request, life: lives[place], isVerification: request.action == .verify)
  }

  func stored(_ id: JobID) -> JobRecord? {
    table.value(of: StoreKey.record(id)).flatMap { JobRecord(id: id, decoding: $0) }
  }

  func failures(of id: JobID) -> [FailedFile] {
    (try? StoreReader(table).failures(of: id, from: 0, limit: .max)) ?? []
  }

  // MARK: Steps

  /// Acknowledges the first batches that were given to the store.
  func write(count: Int) {
    let batches = given.prefix(count)
    guard let last = batches.last else { return }
    for batch in batches { for change in batch.changes { table.apply(change) } }
    given.removeFirst(batches.count)
    handle(.written(number: last.number))
  }

  /// The store fails: nothing given so far is durable from some batch on.
  func failWrites() {
    guard let first = given.first else { return }
    disruptionCount += 1
    given = []
    handle(.writeFailed(number: first.number, SchedulerError(.noSpace, "no space left")))
  }

  func answerListing() {
    guard !lists.isEmpty else { return }
    let request = lists.remove(at: random.below(lists.count))
    if random.below(20) == 0 {
      return handle(
        .listFailed(
          number: request.number, job: request.job, reason: "throttled", retryAfter: .zero))
    }
    let all = files[root(of: request.specification)] ?? []
    let start = request.cursor.flatMap { Int($0) } ?? 0
    let end = min(all.count, start + request.max)
    var page = ListedPage(files: [], next: end == all.count ? nil : "\(end)")
    for file in all[start..<end] where !file.isMoved {
      if file.nature == .absent {
        page.failed.append(FailedFile(path: file.path, length: 0, reason: "no such file"))
      } else {
        page.files.append(TaskFile(path: file.path, version: "v1", length: file.length))
      }
    }
    handle(.listed(number: request.number, job: request.job, page))
    // An answer that comes twice is no second page.
    if random.below(10) == 0 {
      handle(.listed(number: request.number, job: request.job, page))
    }
  }

  func answerCount() {
    guard !counts.isEmpty else { return }
    let request = counts.removeFirst()
    let start = request.cursor.flatMap { Int($0) } ?? 0
    let rest = (files[root(of: request.specification)] ?? []).dropFirst(start)
    let count = FileCount(files: Int64(rest.count), bytes: rest.reduce(0) { $0 + $1.length })
    handle(.counted(number: request.number, job: request.job, count))
  }

  func root(of specification: JobSpecification) -> String {
    switch specification.target {
    case .paths(let paths): return paths[0]
    case .transfer(let source, _): return source
    case .index, .indexedTransfer: return ""
    }
  }

  /// Moves one task on: some results, or its end.
  func work() {
    let numbers = tasks.keys.sorted()
    guard !numbers.isEmpty else { return }
    let number = numbers[random.below(numbers.count)]
    guard var task = tasks[number] else { return }
    if task.isCancelled { return end(number, task, .cancelled) }
    if task.request.action == .audit { return answerAudit(number, task) }
    if task.hangs { return }
    var results: [FileResult] = []
    let count = 1 + random.below(task.request.files.count)
    while results.count < count, task.next < task.request.files.count {
      let index = task.next
      guard let outcome = deal(with: task.request.files[index], task.request) else {
        task.hangs = true
        tasks[number] = task
        return handle(.taskProgress(task.request.id, results, underway: index))
      }
      results.append(FileResult(index, outcome))
      task.next += 1
    }
    tasks[number] = task
    if random.below(8) == 0, let twice = results.last { results.append(twice) }
    if task.next == task.request.files.count {
      tasks[number] = nil
      if random.below(8) == 0 { lateTasks.append((task.request.id, results)) }
      return handle(.taskEnded(task.request.id, results, .done))
    }
    if random.below(30) == 0 {
      tasks[number] = nil
      disruptionCount += 1
      return handle(
        .taskEnded(task.request.id, results, .failed(.workerRPCFailed, "connection reset")))
    }
    handle(.taskProgress(task.request.id, results, underway: nil))
  }

  private func end(_ number: UInt64, _ task: WorldTask, _ end: TaskEnd) {
    tasks[number] = nil
    handle(.taskEnded(task.request.id, [], end))
  }

  /// What a worker makes of a file; nil when it hangs.
  private func deal(with file: TaskFile, _ request: TaskRequest) -> FileOutcome? {
    let root = root(of: request.specification)
    guard let place = files[root]?.firstIndex(where: { $0.path == file.path }) else {
      return .failed(FileFailure(.file, "no such file"))
    }
    files[root]?[place].attemptCount += 1
    let known = files[root]?[place]
    let attempt = known?.attemptCount ?? 0
    let key = Self.key(file)
    let worker = workers.firstIndex { $0.identity == request.worker } ?? 0
    func there(_ outcome: FileOutcome) -> FileOutcome {
      caches[worker].insert(key)
      noted["\(request.job)#\(worker)"]?.keys.insert(key)
      return outcome
    }
    func done(_ bytes: Int64) -> FileOutcome {
      files[root]?[place].doneCount += 1
      files[root]?[place].isMoved = request.action == .move
      return there(.done(bytes: bytes))
    }
    if known?.isMoved == true { return .done(bytes: file.size) }
    let looks = request.action == .verify || request.action == .check
    if looks, caches[worker].contains(key) { return there(.skipped) }
    if request.action == .check { return .failed(FileFailure(.file, "it left the cache")) }
    switch known?.nature ?? .good {
    case .good: return done(file.size)
    case .gone, .absent: return .failed(FileFailure(.file, "not found"))
    case .poisoned: return .failed(FileFailure(.file, "input/output error", retryAfter: .zero))
    case .flaky(let count) where attempt <= count:
      return .failed(FileFailure(.file, "throttled", retryAfter: .milliseconds(20)))
    case .flaky: return done(file.size)
    case .hangs where !stuckFiles.contains(file.path):
      stuckFiles.insert(file.path)
      return nil
    case .hangs: return done(file.size)
    case .changed where !file.version.isEmpty:
      return .failed(FileFailure(.changed, "changed", retryAfter: .zero))
    case .changed(let length): return done(length)
    case .resident: return there(.skipped)
    }
  }

  static func key(_ file: TaskFile) -> String { "\(file.path)#\(file.offset)" }

  /// A job that is about to succeed has every file that it counts in the cache of a worker that is there.
  private func judgeEnds(in batch: StoreBatch) {
    guard judgesCaches else { return }
    for case .update(let record) in batch.writes
    where record.state == .succeeded && record.specification.type == .load {
      // A batch that could not be written comes again, and one that was held while the store failed comes late: SUCCEEDED
      // speaks of the moment when the job ended.
      guard record.endedAt == time.date, judged.insert(record.id).inserted else { continue }
      let there = workers.indices.filter { isLive[$0] }.reduce(into: Set<String>()) {
        $0.formUnion(caches[$1])
      }
      for file in files[root(of: record.specification)] ?? [] where file.nature != .resident {
        let pieces =
          limits.pieceSize > 0 && limits.pieceSize < file.length
          ? Array(stride(from: 0, to: file.length, by: Int(limits.pieceSize))) : [0]
        let isWhole = there.contains("\(file.path)#0") && isChanged(file)
        for piece in pieces where !isWhole && !there.contains("\(file.path)#\(piece)") {
          problems.append("\(record.id) succeeds without \(file.path) from \(piece)")
        }
        guard file.nature == .good else { continue }
        let wanted = Int(record.specification.options.replicas)
        for piece in pieces {
          let key = "\(file.path)#\(piece)"
          let count = workers.indices.count { isLive[$0] && caches[$0].contains(key) }
          guard count < wanted else { continue }
          problems.append("\(record.id) succeeds with \(count) of \(wanted) replicas of \(key)")
        }
      }
    }
  }

  private func isChanged(_ file: WorldFile) -> Bool {
    if case .changed = file.nature { true } else { false }
  }

  func answerLate() {
    guard !lateTasks.isEmpty else { return }
    let (id, results) = lateTasks.removeFirst()
    handle(.taskEnded(id, results, .done))
  }

  func join(_ place: Int) {
    if isLive[place] { disruptionCount += 1 }
    isLive[place] = true
    forget(place)
    renew(place)
    handle(.workerJoined(workers[place]))
  }

  /// A worker comes back as it was: only the coordinator had lost it.
  func rejoin(_ place: Int) {
    isLive[place] = true
    forget(place)
    handle(.workerJoined(workers[place]))
  }

  /// The worker's process is another: its cache is empty, or as it was on disk.
  private func renew(_ place: Int) {
    workers[place].incarnation += 1
    if random.below(3) != 0 { caches[place] = [] }
    for name in noted.keys where name.hasSuffix("#\(place)") { noted[name] = nil }
  }

  func lose(_ place: Int) {
    guard isLive[place] else { return }
    isLive[place] = false
    disruptionCount += 1
    forget(place)
    handle(.workerLost(workers[place].identity))
  }

  /// Tasks of a worker's earlier run may still answer, late.
  private func forget(_ place: Int) {
    lives[place] += 1
    for (number, task) in tasks where task.request.worker == workers[place].identity {
      lateTasks.append((task.request.id, [FileResult(0, .done(bytes: 1))]))
      tasks[number] = nil
    }
  }

  func pass(_ duration: Duration) {
    let nanoseconds = duration.clampedNanoseconds
    time.ticks += nanoseconds
    time.date += Int64(nanoseconds / 1_000_000)
    handle(.tick)
  }

  /// The coordinator dies and starts again.
  func crash() {
    disruptionCount += 1
    let survivors = given.isEmpty ? 0 : random.below(given.count + 1)
    for batch in given.prefix(survivors) { for change in batch.changes { table.apply(change) } }
    (given, lists, counts, judged) = ([], [], [], [])
    for (_, task) in tasks { lateTasks.append((task.request.id, [FileResult(0, .done(bytes: 7))])) }
    tasks = [:]
    epoch += 1
    core = SchedulerCore(limits: limits, placement: RingPlacement(), epoch: epoch, now: time)
    do {
      try StoreReader(table).recover { job in
        switch job {
        case .active(let record, let checkpoint, let results):
          core.restore(
            record, checkpoint: checkpoint, results: results.map { ($0.number, $0.files) })
        case .damaged(let id, let reason): core.restoreDamaged(id, reason: reason)
        }
      }
    } catch { problems.append("recovery: \(error)") }
    for id in acknowledged where stored(id) == nil { problems.append("job \(id) was lost") }
    for place in workers.indices where isLive[place] {
      lives[place] += 1
      if random.below(4) == 0 { renew(place) }
      // Some were lost while nobody looked.
      if random.below(8) == 0 {
        isLive[place] = false
        continue
      }
      handle(.workerJoined(workers[place]))
    }
    handle(.tick)
  }

  // MARK: Oracles

  /// What must be true after each event.
  private func check() {
    if core.running.count > limits.runningJobCountMax { problems.append("too many jobs run") }
    for run in core.running {
      let ledger = run.ledger
      if !ledger.isSound { problems.append("the books of \(run.id) are negative: \(ledger)") }
      let all = files[root(of: run.record.specification)] ?? []
      if ledger.listed.files > Int64(all.count) {
        problems.append("\(run.id) lists \(ledger.listed.files) of \(all.count) files")
      }
      guard run.isActive, run.record.specification.type == .load else { continue }
      let splits = run.splits.values.reduce(0) { $0 + $1.openCount }
      let tasks = core.tasks.values.reduce(0) {
        $0 + ($1.run === run && !$1.isAbandoned ? $1.openCount : 0)
      }
      let queued = run.queues.reduce(run.homeless.count) { $0 + $1.count }
      if queued + tasks != run.unitCount {
        problems.append("\(run.id) has \(run.unitCount) units, \(queued) queued, \(tasks) in tasks")
      }
      let whole = run.unitCount + run.retries.count - splits + run.splits.count
      if Int64(whole) != ledger.inFlight.files {
        problems.append("\(run.id): \(whole) files at work, \(ledger.inFlight.files) in flight")
      }
    }
  }

  /// Whether nothing is left to do but to wait.
  var isIdle: Bool { given.isEmpty && lists.isEmpty && counts.isEmpty && tasks.isEmpty }
}

extension JobWorld {
  /// A world that judges caches and has one load, whose `files` are listed and at `workers`.
  static func loading(
    files: Int, workers: Int, options: JobOptions = JobOptions(),
    _ change: (inout SchedulerLimits) -> Void
  ) -> (world: JobWorld, job: JobID) {
    var limits = SchedulerLimits()
    limits.batchSize = 5
    limits.tasksPerWorker = 1
    change(&limits)
    let world = JobWorld(seed: 1, workerCount: workers, limits: limits)
    world.judgesCaches = true
    for place in 0..<workers { world.join(place) }
    world.files["s3://b/d"] = (0..<files).map {
      WorldFile(path: "s3://b/d/f\($0)", length: 10, nature: .good)
    }
    let (_, id) = world.submit(JobSpecification(.load, .paths(["s3://b/d"]), options: options))
    world.write(count: .max)
    world.write(count: .max)
    while !world.lists.isEmpty { world.answerListing() }
    return (world, id)
  }
}
