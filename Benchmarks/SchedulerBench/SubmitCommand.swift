// Durable submissions a second, the memory of many waiting jobs, listing them, and starting again with them.

import ArgumentParser
import Glibc
import Scheduler
import Synchronization

/// `scheduler-bench submit`.
struct SubmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Durable submissions a second, and what many waiting jobs cost.")

  @Option(help: "Directory of the store; it must not exist.") var directory: String
  @Option(help: "Jobs.") var jobs = 300_000
  @Option(help: "Submissions under way at a time.") var pipeline = 256

  private final class Acks: Sendable {
    let state = Mutex<(number: UInt64, failure: SchedulerError?)>((0, nil))
    let signal = Signal()
  }

  func run() throws {
    let before = Meter.resident
    let store = try RocksJobStore(path: directory)
    let core = SchedulerCore(
      limits: SchedulerLimits(), placement: BenchPlacement(), epoch: 1, now: Meter.time)
    let start = Meter.now
    try submitAll(to: core, store)
    let seconds = Double(Meter.now - start) / 1e9
    core.refreshGauges()
    print("\(jobs) durable submissions, \(pipeline) under way: \(Int(Double(jobs) / seconds))/s")
    print(
      "waiting \(core.metrics.waitingJobs), running \(core.metrics.runningJobs); "
        + "memory \(Meter.text(Double(Meter.resident - before) / 1_048_576)) MiB")
    try listAll(store)
    store.close()
    try restart()
  }

  private func submitAll(to core: SchedulerCore, _ store: RocksJobStore) throws {
    let acks = Acks()
    var (submitted, answered) = (0, 0)
    while answered < jobs {
      while submitted < jobs, submitted - answered < pipeline {
        let path = "s3://bucket/dataset/part-\(submitted)/files"
        let id = JobID.make(
          milliseconds: Meter.time.date, sequence: UInt64(submitted),
          random: UInt64(submitted) << 20)
        core.handle(
          .submit(request: UInt64(submitted), id: id, JobSpecification(.load, .paths([path]))),
          at: Meter.time)
        submitted += 1
        answered += perform(core, store, acks)
      }
      acks.signal.wait()
      let (number, failure) = acks.state.withLock { $0 }
      if let failure { throw failure }
      core.handle(.written(number: number), at: Meter.time)
      answered += perform(core, store, acks)
    }
  }

  /// Does the effects that are the store's; counts answers.
  private func perform(_ core: SchedulerCore, _ store: RocksJobStore, _ acks: Acks) -> Int {
    var answers = 0
    for effect in core.takeEffects() {
      switch effect {
      case .write(let batch):
        store.commit(batch) { failure in
          acks.state.withLock { $0 = (batch.number, failure ?? $0.failure) }
          acks.signal.raise()
        }
      case .answer(_, .submitted): answers += 1
      case .answer(_, let other): preconditionFailure("a submission is taken, not \(other)")
      default: break
      }
    }
    return answers
  }

  private func listAll(_ store: RocksJobStore) throws {
    let start = Meter.now
    var query = JobQuery(limit: 1000)
    var (count, pages) = (0, 0)
    var slowest: UInt64 = 0
    repeat {
      let began = Meter.now
      let page = try store.list(query)
      slowest = max(slowest, Meter.now - began)
      count += page.records.count
      pages += 1
      query.after = page.next
    } while query.after != nil
    print(
      "list: \(count) jobs in \(pages) pages, "
        + "\(Meter.text(Double(Meter.now - start) / 1e6)) ms in all, "
        + "slowest page \(Meter.text(Double(slowest) / 1e6)) ms")
  }

  private func restart() throws {
    let before = Meter.resident
    let start = Meter.now
    let store = try RocksJobStore(path: directory)
    let core = SchedulerCore(
      limits: SchedulerLimits(), placement: BenchPlacement(), epoch: 2, now: Meter.time)
    try store.recover { job in
      guard case .active(let record, let checkpoint, let results) = job else { return }
      core.restore(
        record, checkpoint: checkpoint, results: results.map { ($0.number, $0.files) })
    }
    core.handle(.tick, at: Meter.time)
    core.refreshGauges()
    print(
      "restart with \(core.metrics.waitingJobs) waiting and \(core.metrics.runningJobs) running: "
        + "\(Meter.text(Double(Meter.now - start) / 1e6)) ms, "
        + "memory \(Meter.text(Double(Meter.resident - before) / 1_048_576)) MiB more")
    store.close()
  }
}
