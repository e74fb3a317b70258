// Planning: which worker each file goes to.

import Model

extension SchedulerCore {
  /// Takes a listed file up, unless a result of before a restart has settled it.
  func plan(listed file: TaskFile, in run: JobRun, page: UInt64) {
    if run.takeRecovered(file.path) { return }
    run.ledger.list(bytes: file.length)
    run.pages[Int(page - run.firstPage)].openCount += 1
    let replicas = replicaCount(of: run)
    let piece = pieceSize(for: file, of: run)
    guard replicas > 1 || piece < file.length else {
      return add(FileWork(file: file, page: page), to: run)
    }
    split(file, replicas: replicas, piece: piece, in: run, page: page)
  }

  /// Workers that each file of a job is loaded onto.
  private func replicaCount(of run: JobRun) -> Int {
    guard run.record.specification.type == .load else { return 1 }
    let wanted = Int(run.record.specification.options.replicas)
    guard !live.isEmpty, live.count < wanted else { return wanted }
    run.reliance.isShort = true
    return live.count
  }

  private func pieceSize(for file: TaskFile, of run: JobRun) -> Int64 {
    guard run.record.specification.type == .load, limits.pieceSize > 0,
      !run.record.specification.options.metadataOnly
    else { return max(file.length, 1) }
    return limits.pieceSize
  }

  private func split(_ file: TaskFile, replicas: Int, piece: Int64, in run: JobRun, page: UInt64) {
    let name = run.nextSplit
    run.nextSplit = run.nextSplit == .max ? 0 : run.nextSplit + 1
    let pieceCount = file.length == 0 ? 1 : (file.length - 1) / piece + 1
    var split = SplitFile(file: file, page: page, openCount: Int(pieceCount) * replicas)
    split.replicas = replicas
    if replicas > 1 { split.places = Array(repeating: -1, count: split.openCount) }
    run.splits[name] = split
    for number in 0..<pieceCount {
      var part = file
      part.offset = number * piece
      part.size = min(piece, file.length - part.offset)
      for replica in 0..<replicas {
        var work = FileWork(file: part, page: page, split: name, replica: UInt16(replica))
        // Consecutive pieces go to consecutive workers of the path's order.
        work.turn = UInt16(truncatingIfNeeded: number % Int64(max(1, live.count)))
        work.piece = Int32(truncatingIfNeeded: number)
        add(work, to: run)
      }
    }
  }

  /// FREE asks every worker, those that are away too: nobody else can say that they hold nothing.
  func planFree(_ run: JobRun) {
    let expected = workers.indices.filter { !workers[$0].isRemoved }
    guard !expected.isEmpty else { return }
    planFree(run, places: expected)
    run.isListed = true
    run.totals.isListed = true
    run.isDirty = true
    readyAll(of: run)
  }

  /// A worker that comes while a FREE is under way is asked, too.
  func extendFree(to place: Int) {
    for run in running where run.isActive && run.isListed {
      if run.record.specification.type == .free { planFree(run, places: [place]) }
    }
  }

  private func planFree(_ run: JobRun, places: [Int]) {
    guard case .paths(let paths) = run.record.specification.target else { return }
    run.pages.append(OpenPage(openCount: 0, next: nil))
    let page = run.firstPage + UInt64(run.pages.count - 1)
    for path in paths {
      for place in places {
        let work = FileWork(file: TaskFile(path: path), page: page, pinned: Int32(place))
        guard !run.takeRecovered(key(of: work)) else { continue }
        run.pages[run.pages.count - 1].openCount += 1
        add(work, to: run)
      }
    }
  }

  /// What a settled unit is remembered by.
  func key(of work: FileWork) -> String {
    guard work.pinned >= 0 else { return work.file.path }
    return "\(work.file.path)\u{0}\(workers[Int(work.pinned)].info.identity.hex)"
  }

  /// Takes a unit into memory.
  func add(_ work: FileWork, to run: JobRun) {
    run.unitCount += 1
    place(work, in: run)
  }

  /// Puts a unit into the queue of its worker.
  func place(_ work: FileWork, in run: JobRun) {
    if work.pinned >= 0, !workers[Int(work.pinned)].isLive {
      run.unitCount -= 1
      run.awayPlaces.insert(Int(work.pinned))
      let reason =
        "\(TaskFailure.workerNotReachable.rawValue): \(absence(of: Int(work.pinned)));"
        + " \(Self.absenceRemedy)"
      return retry(work, FileFailure(.file, reason, retryAfter: .seconds(5)), in: run)
    }
    guard let place = worker(for: work, in: run) else { return run.homeless.append(work) }
    if work.split >= 0 {
      run.splits[work.split]?.note(work, at: Int32(truncatingIfNeeded: place))
    }
    run.queues[place].append(work)
    ready.insert(place)
  }

  /// The place of the worker that a unit goes to; nil while there is none.
  private func worker(for work: FileWork, in run: JobRun) -> Int? {
    if work.pinned >= 0 {
      run.awayPlaces.remove(Int(work.pinned))
      return Int(work.pinned)
    }
    guard !live.isEmpty else { return nil }
    if work.replica == 0, work.turn == 0, let first = placement.first(for: work.file.path) {
      let place = live[first]
      if !isSuspect(place) { return place }
    }
    if work.split >= 0, let file = run.splits[work.split], file.replicas > 1 {
      return worker(for: work, of: file, in: run)
    }
    let offset = (Int(work.replica) + Int(work.turn)) % live.count
    // Only to go round workers that are stuck, the whole order is needed.
    let hasSuspect = live.contains { isSuspect($0) }
    let order = placement.order(
      for: work.file.path, count: hasSuspect ? live.count : offset + 1)
    guard !order.isEmpty else { return nil }
    let start = offset % order.count
    for step in order.indices {
      let place = live[order[(start + step) % order.count]]
      if !isSuspect(place) { return place }
    }
    return live[order[start]]
  }

  /// The place for one of several replicas of a range: never that of another one of them while another worker answers.
  private func worker(for work: FileWork, of file: SplitFile, in run: JobRun) -> Int? {
    var order = placement.order(for: work.file.path, count: live.count)
    // An order may leave out workers that the path meets late.
    for index in live.indices where !order.contains(index) { order.append(index) }
    let start = (Int(work.replica) + Int(work.turn)) % order.count
    let places = order.indices.map { live[order[(start + $0) % order.count]] }
    if let place = places.first(where: { !isSuspect($0) && !file.hasOther(work, at: $0) }) {
      return place
    }
    // Too few workers answer: at its end the job says so, or verifies when there are enough again.
    run.reliance.isShort = true
    return places.first { !isSuspect($0) } ?? places.first { !file.hasOther(work, at: $0) }
      ?? places.first
  }

  /// Whether a worker's slots are all taken by stuck tasks.
  func isSuspect(_ place: Int) -> Bool {
    workers[place].isUnreachable || workers[place].stuckCount >= limits.tasksPerWorker
  }

  /// Plans everything that waits to be sent anew, after the workers changed.
  func replanAll() {
    for run in running {
      while run.queues.count < workers.count {
        run.queues.append(WorkQueue())
        run.taskCounts.append(0)
      }
      replan(run, places: Array(run.queues.indices))
    }
  }

  /// Plans what waits for `places`, and for any worker at all, anew.
  func replan(_ run: JobRun, places: [Int]) {
    var works = run.homeless.takeAll()
    for place in places { works += run.queues[place].takeAll() }
    // None of them is where it was: they are placed as if for the first time.
    for work in works where work.split >= 0 { run.splits[work.split]?.note(work, at: -1) }
    for work in works { place(work, in: run) }
  }

  /// Lets the workers that have files of a job queued be looked at.
  func readyAll(of run: JobRun) {
    for place in run.queues.indices where !run.queues[place].isEmpty { ready.insert(place) }
  }

  /// Takes units up again whose pause is over.
  func resumeRetries(of run: JobRun) {
    while let retry = run.retries.first, retry.due <= now.ticks {
      _ = run.retries.takeFirst()
      run.totals.retrying = Int64(run.retries.count)
      add(retry.work, to: run)
    }
  }
}
