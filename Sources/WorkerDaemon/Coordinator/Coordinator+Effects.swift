// What the scheduler wants done.

import Logging
import Model
import Ring
import Scheduler
import UFS

extension Coordinator {
  /// Does one effect; what takes its time goes on by itself and comes back as an event.
  func perform(_ effect: SchedulerEffect) {
    switch effect {
    case .write(let batch): write(batch)
    case .list(let request): list(request)
    case .count(let request): count(request)
    case .endListing(let job): endListing(job)
    case .dispatch(let request): dispatch(request)
    case .cancel(let id, let worker): workers[worker]?.cancel(id)
    case .answer(let request, let answer):
      if let waiting = unsafe requests.removeValue(forKey: request) {
        unsafe waiting.resume(returning: answer)
      }
    case .ended(let record): end(record)
    case .removeEnded(let date): removeEnded(before: date)
    case .note(let note): tell(note)
    }
  }

  private func write(_ batch: StoreBatch) {
    let number = batch.number
    parts.store.commit(batch) { [self] error in
      if let error {
        post(.writeFailed(number: number, error))
      } else {
        post(.written(number: number))
      }
    }
  }

  private func dispatch(_ request: TaskRequest) {
    let id = request.id
    guard let worker = workers[request.worker] else {
      return post(.taskEnded(id, [], .failed(.workerNotReachable, "the worker is not known")))
    }
    worker.run(request) { [self] word in
      switch word {
      case .progress(let results, let underway, let arrived):
        post(.taskProgress(id, results, underway: underway, arrived: arrived))
      case .ended(let results, let end): post(.taskEnded(id, results, end))
      }
    }
  }

  // MARK: Listings

  /// Starts a task of ours, which `stop` waits for.
  @discardableResult
  private func begin(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    taskCount += 1
    return Task(executorPreference: reactor) { [self] in
      await body()
      endTask()
    }
  }

  private func list(_ request: ListRequest) {
    let listing =
      listings[request.job]
      ?? RingConfined(
        JobListing(
          request.specification, of: request.job, mounts: parts.mounts, pool: parts.pool))
    listings[request.job] = listing
    listingTasks[request.job] = begin { [self] in
      do throws(UFSError) {
        let page = try await listing.value.page(after: request.cursor, max: request.max)
        if await letGo(of: listing, for: request.job) { return }
        handle(.listed(number: request.number, job: request.job, page))
      } catch {
        if await letGo(of: listing, for: request.job) { return }
        let failure = LoadFailure(error)
        handle(
          .listFailed(
            number: request.number, job: request.job, reason: failure.reason,
            retryAfter: failure.retryAfter))
      }
    }
  }

  /// A page has come, or will not: whether the job lists no more, and the listing was closed.
  private func letGo(of listing: RingConfined<JobListing>, for job: JobID) async -> Bool {
    guard listings[job] === listing else {
      await listing.value.close()
      return true
    }
    listingTasks[job] = nil
    return false
  }

  private func count(_ request: ListRequest) {
    let listing = RingConfined(
      JobListing(
        request.specification, of: request.job, mounts: parts.mounts, pool: parts.pool))
    counts[request.job] = request.number
    countTasks[request.job]?.cancel()
    countTasks[request.job] = begin { [self] in
      var (cursor, total) = (request.cursor, FileCount())
      // A count that fails is not answered: reports then say less.
      while !isStopped, counts[request.job] == request.number,
        let page = try? await listing.value.page(after: cursor, max: request.max)
      {
        for file in page.files { total += FileCount(files: 1, bytes: file.length) }
        cursor = page.next
        guard cursor == nil else { continue }
        counts[request.job] = nil
        countTasks[request.job] = nil
        handle(.counted(number: request.number, job: request.job, total))
      }
      await listing.value.close()
    }
  }

  /// Has a job's listing and counting ask for nothing more.
  private func endListing(_ job: JobID) {
    counts[job] = nil
    countTasks.removeValue(forKey: job)?.cancel()
    guard let listing = listings.removeValue(forKey: job) else { return }
    if let task = listingTasks.removeValue(forKey: job) {
      // One that is being used is closed by its user.
      task.cancel()
    } else {
      begin { await listing.value.close() }
    }
  }

  // MARK: Ends

  private func end(_ record: JobRecord) {
    endListing(record.id)
    for worker in workers.values { worker.forget(record.id) }
    tellEnd(of: record)
    guard record.totals.ledger.failed.files > 0 else { return }
    let list = FailedListFile(directory: parts.failedListDirectory, record: record)
    let store = parts.store
    begin { [self] in
      switch await parts.pool.run({ list.write(from: store) }) {
      case .success(let path): handle(.failedListSaved(job: record.id, path: path))
      case .failure(let error):
        log.error("the list of failed files cannot be written", metadata: ["why": "\(error)"])
      }
    }
  }

  private func removeEnded(before date: Int64) {
    let (store, directory) = (parts.store, parts.failedListDirectory)
    begin { [self] in
      let failure = await parts.pool.run { () -> SchedulerError? in
        do throws(SchedulerError) {
          while true {
            let removed = try store.removeEnded(before: date, limit: 1000)
            if removed.isEmpty { return nil }
            for record in removed where record.totals.ledger.failed.files > 0 {
              FailedListFile(directory: directory, record: record).remove()
            }
          }
        } catch { return error }
      }
      if let failure { log.warning("old jobs cannot be removed: \(failure)") }
    }
  }
}
