// Whether what a job counts as loaded is still there: a worker that is gone, or was started anew, may have lost it.

import Model

/// What can be said of a job's files when its pass is through.
enum JobStanding {
  /// Every worker that has loaded some is there, and has not been started anew.
  case holds
  /// Some may be lost, and why.
  case lost(String)
  /// There are fewer workers than each file is to be on.
  case short
  /// A worker may still come back after this coordinator's start.
  case waits
}

extension SchedulerCore {
  /// Remembers that results which a job counts were made on a worker as it is now.
  func rely(_ run: JobRun, on place: Int, for results: [FileResult]) {
    guard run.record.specification.type == .load, results.contains(where: \.outcome.isThere) else {
      return
    }
    let info = workers[place].info
    if run.reliance.add(info.identity, info.incarnation) { run.isDirty = true }
  }

  /// What can be said of the files of a job whose pass is through.
  func standing(of run: JobRun) -> JobStanding {
    guard run.record.specification.type == .load else { return .holds }
    if let identity = run.reliance.lost {
      return .lost("\(name(of: identity)) was started anew after it had loaded files")
    }
    var reason: String?
    for (identity, incarnation) in run.reliance.incarnations.sorted(by: { $0.key < $1.key }) {
      if !joined.contains(identity), now.ticks < returnsBy { return .waits }
      guard reason == nil else { continue }
      guard let place = places[identity], workers[place].isLive else {
        reason = "\(name(of: identity)) is gone, which had loaded files"
        continue
      }
      guard workers[place].info.incarnation != incarnation else { continue }
      reason = "\(name(of: identity)) was started anew after it had loaded files"
    }
    if let reason { return .lost(reason) }
    guard run.reliance.isShort else { return .holds }
    let wanted = Int(run.record.specification.options.replicas)
    return live.count < wanted ? .short : .lost("there were too few workers for all replicas")
  }

  private func name(of identity: WorkerIdentity) -> String {
    places[identity].map { workers[$0].info.name } ?? "worker \(identity.hex)"
  }
}

extension FileOutcome {
  /// Whether the file is on the worker that says so.
  fileprivate var isThere: Bool {
    switch self {
    case .done, .skipped: true
    case .freed, .missing, .failed: false
    }
  }
}
