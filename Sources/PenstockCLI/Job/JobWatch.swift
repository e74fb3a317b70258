// `--watch`: how a job goes, live. On a terminal one line that is written over; piped, a line whenever something changed; as
// JSON one object a line.

import Glibc
import Model
import Scheduler
import WorkerDaemon

/// Watches one job until it has ended.
struct JobWatch {
  /// Pause between two questions, milliseconds: what is shown is never a second old.
  private static let pause: UInt32 = 500
  /// Questions in a row that may go unanswered: a coordinator that starts again is back by then.
  private static let failureCountMax = 120

  /// Its type and id.
  let type: JobType
  let id: String
  /// Whether objects are printed instead of text.
  let isJSON: Bool
  /// Whether lines are written over.
  let isTerminal: Bool
  /// Whom to ask.
  let coordinator: CoordinatorOptions

  private var estimate = RateEstimate()
  private var last = ""
  private var failureCount = 0

  /// A watch over the job with `id`.
  init(
    type: JobType, id: String, isJSON: Bool, isTerminal: Bool, coordinator: CoordinatorOptions
  ) {
    self.type = type
    self.id = id
    self.isJSON = isJSON
    self.isTerminal = isTerminal
    self.coordinator = coordinator
  }

  /// Watches until the job has ended.
  ///
  /// - Returns: how it ended.
  mutating func run() throws -> JobState {
    while true {
      if let counts = try counts() {
        let state = counts.value["jobState"]?.text.flatMap { JobState(word: $0) }
        show(counts.value, counts.text)
        if let state, state.isTerminal {
          if isTerminal, !isJSON { Terminal.overwrite("") }
          return state
        }
      }
      usleep(Self.pause * 1000)
    }
  }

  /// The job's counts; nil when the coordinator did not answer, and may do so again.
  private mutating func counts() throws -> (value: JSONValue, text: String)? {
    do {
      let (status, value, text) = try coordinator.request(
        "GET", "/api/v1/master/job_counts/\(type.word.lowercased())", [("id", .text(id))])
      guard status == 200 else {
        throw CoordinatorOptions.end(.failure(CoordinatorOptions.refusal(status, value)))
      }
      failureCount = 0
      return (value, text)
    } catch let error as CoordinatorFailure {
      if failureCount == 0 {
        if isTerminal, !isJSON { Terminal.overwrite("") }
        Terminal.error(error.line.text)
      }
      failureCount += 1
      guard failureCount < Self.failureCountMax else { throw CoordinatorOptions.end(error.line) }
      return nil
    }
  }

  private mutating func show(_ counts: JSONValue, _ text: String) {
    if isJSON {
      guard text != last else { return }
      last = text
      Terminal.output(text)
      return
    }
    let ticks = UInt64(clamping: Self.nanoseconds(CLOCK_MONOTONIC))
    let line = WatchLine(
      counts, &estimate, at: ticks, date: Self.nanoseconds(CLOCK_REALTIME) / 1_000_000)
    if isTerminal { return Terminal.overwrite(line.text(columns: Terminal.width)) }
    let text = line.text
    guard text != last else { return }
    last = text
    Terminal.output(text)
  }

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // These clocks cannot fail; the address is this frame's own.
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
