// The load jobs of this worker, addressed by path: one run per path at a time (compat §7.1).

import Logging
import Model
import Synchronization

/// All load jobs of the process.
package final class LoadJobs: Sendable {
  /// What became of a submit.
  package enum Submission: Equatable, Sendable {
    /// A run was started or put in line.
    case submitted(id: String)
    /// A run of this path has not ended.
    case alreadyRunning(id: String)
    /// Too many jobs wait.
    case refused
  }

  private struct State {
    /// By the digest of the path: two spellings of one letter are equal strings and different files.
    var jobs: [FileID: LoadJob] = [:]
    var waiting: [LoadJob] = []
    var ended: [FileID] = []
    var runningCount = 0
    var executorIndex = 0
    var isStopped = false
  }

  private let state = Mutex(State())
  private let source: any LoadSource
  private let executors: [any TaskExecutor]
  private let limits: LoadLimits
  private let log = Logger(label: "loads")

  /// No jobs yet; they run on `executors` and work on `source`.
  package init(
    source: any LoadSource, executors: [any TaskExecutor], limits: LoadLimits = LoadLimits()
  ) {
    precondition(!executors.isEmpty, "jobs have an executor")
    self.source = source
    self.executors = executors
    self.limits = limits
  }

  /// Starts a job for `path`, unless one has not ended.
  package func submit(path: String, options: LoadOptions) -> Submission {
    let key = FileID(ufsPath: path)
    let submission: Submission = state.withLock { state in
      if let job = state.jobs[key], !job.phase.isTerminal { return .alreadyRunning(id: job.id) }
      guard !state.isStopped, state.waiting.count < limits.waitingCountMax else { return .refused }
      let job = LoadJob(
        path: path, id: Self.makeID(), options: options, limits: limits, source: source)
      state.jobs[key] = job
      state.ended.removeAll { $0 == key }
      state.waiting.append(job)
      return .submitted(id: job.id)
    }
    startWaiting()
    return submission
  }

  /// The newest job of `path`, running or ended; nil when there is none or it was forgotten.
  package func job(of path: String) -> LoadJob? {
    state.withLock { $0.jobs[FileID(ufsPath: path)] }
  }

  /// Stops the job of `path`; false when there is none that has not ended.
  package func stop(path: String) -> Bool { job(of: path)?.stop() ?? false }

  /// Stops every job and waits until nothing of them runs; nothing is taken in afterwards.
  package func stopAll() async {
    let jobs = state.withLock { state in
      state.isStopped = true
      return Array(state.jobs.values)
    }
    for job in jobs { _ = job.stop() }
    for job in jobs { await job.wait() }
  }

  private func startWaiting() {
    while let (job, order) = takeWaiting() {
      let task = Task(executorPreference: order[0]) {
        await job.run(on: order)
        self.noteEnd(of: job)
      }
      job.attach(task)
    }
  }

  /// The next job to start, with the executors in the order it is to use them.
  private func takeWaiting() -> (LoadJob, [any TaskExecutor])? {
    state.withLock { state in
      guard state.runningCount < limits.runningCountMax, !state.waiting.isEmpty else { return nil }
      let job = state.waiting.removeFirst()
      state.runningCount += 1
      let first = state.executorIndex % executors.count
      state.executorIndex = first + 1
      return (job, Array(executors[first...] + executors[..<first]))
    }
  }

  private func noteEnd(of job: LoadJob) {
    let key = FileID(ufsPath: job.path)
    let report = job.report(verbose: false)
    if report.state == .failed {
      log.warning(
        "load failed: \(report.failure ?? "without a reason")",
        metadata: ["job": "\(job.id)", "path": "\(job.path)"])
    }
    if report.leftOutCount > 0 {
      log.warning(
        "load left out \(report.leftOutCount) entries: \(report.leftOutReason)",
        metadata: ["job": "\(job.id)", "path": "\(job.path)"])
    }
    state.withLock { state in
      state.runningCount -= 1
      if state.jobs[key] === job {
        state.ended.append(key)
        if state.ended.count > limits.endedCountMax {
          state.jobs[state.ended.removeFirst()] = nil
        }
      }
    }
    startWaiting()
  }

  /// A random UUID, version 4.
  private static func makeID() -> String {
    var generator = SystemRandomNumberGenerator()
    let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    let digits = [high, low].map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }.joined()
    var parts: [Substring] = []
    var rest = digits[...]
    for length in [8, 4, 4, 4, 12] {
      parts.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
  }
}
