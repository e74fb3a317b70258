// One job of many files, workers that answer at once: what the scheduler itself costs.

import ArgumentParser
import Model
import Scheduler

/// `scheduler-bench dispatch`.
struct DispatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dispatch", abstract: "Files dispatched and settled a second by one core.")

  @Option(help: "Files of the job.") var files = 1_000_000
  @Option(help: "Workers, which answer at once.") var workers = 10
  @Option(help: "Files of a task.") var batch = 200

  func run() {
    var limits = SchedulerLimits()
    limits.batchSize = batch
    let core = SchedulerCore(
      limits: limits, placement: BenchPlacement(), epoch: 1, now: Meter.time)
    for number in 0..<workers {
      let identity = WorkerIdentity(high: UInt64(number) &* 0x9E37_79B9_7F4A_7C15, low: 7)
      core.handle(.workerJoined(WorkerInfo(identity, name: "worker-\(number)")), at: Meter.time)
    }
    // Paths are made before: a listing's cost is not the scheduler's.
    let pages = stride(from: 0, to: files, by: limits.listingPageSize).map { start in
      (start..<min(files, start + limits.listingPageSize)).map {
        TaskFile(
          path: "s3://bucket/train/part-\($0 / 1000)/image-\($0).jpg", version: "\($0)",
          length: 1024)
      }
    }
    let before = Meter.resident
    let id = JobID.make(milliseconds: 1, sequence: 1, random: 1)
    let (start, cpu) = (Meter.now, Meter.cpu)
    core.handle(
      .submit(request: 1, id: id, JobSpecification(.load, .paths(["s3://bucket/train"]))),
      at: Meter.time)
    var record: JobRecord?
    var peak = before
    var taskCount = 0
    while record == nil {
      let effects = core.takeEffects()
      precondition(!effects.isEmpty, "a job that is not done has effects")
      for effect in effects {
        switch effect {
        case .write(let batch): core.handle(.written(number: batch.number), at: Meter.time)
        case .list(let request):
          let index = request.cursor.flatMap { Int($0) } ?? 0
          let next = index + 1 < pages.count ? "\(index + 1)" : nil
          core.handle(
            .listed(
              number: request.number, job: request.job, ListedPage(files: pages[index], next: next)),
            at: Meter.time)
        case .dispatch(let task):
          taskCount += 1
          let results = task.files.indices.map {
            FileResult($0, .done(bytes: task.files[$0].size))
          }
          core.handle(.taskEnded(task.id, results, .done), at: Meter.time)
          if taskCount % 256 == 0 { peak = max(peak, Meter.resident) }
        case .ended(let ended): record = ended
        default: break
        }
      }
    }
    let (wall, used) = (Meter.now - start, Meter.cpu - cpu)
    let loaded = record?.totals.ledger.loaded.files ?? 0
    print("files \(loaded), tasks \(taskCount), state \(record?.state.word ?? "none")")
    print(
      "files/s of one core: \(Int(Double(loaded) * 1e9 / Double(used))) (CPU), "
        + "\(Int(Double(loaded) * 1e9 / Double(wall))) (wall)")
    print("memory of the scheduler: \(Meter.text(Double(peak - before) / 1_048_576)) MiB")
  }
}
