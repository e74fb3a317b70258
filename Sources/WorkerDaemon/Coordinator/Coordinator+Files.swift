// Which jobs a file belongs to, and what became of it there.

import Model
import Ring
package import Scheduler

extension Coordinator {
  /// Failed files that are looked through at once, and of a job for one path.
  private static let failurePageSize = 1000
  private static let failureScanMax = 1_000_000

  /// What became of a file in a job.
  package enum Outcome: Sendable, Equatable {
    /// The job names it, and succeeded.
    case succeeded
    /// The job gave it up.
    case failed(FailedFile)
    /// The job keeps no word of it, and why.
    case unknown(String)

    /// The word for it.
    package var word: String {
      switch self {
      case .succeeded: "SUCCESS"
      case .failed: "FAILURE"
      case .unknown: "UNKNOWN"
      }
    }

    /// Why it failed, or why nothing is known.
    package var reason: String? {
      switch self {
      case .succeeded: nil
      case .failed(let file): file.reason
      case .unknown(let reason): reason
      }
    }
  }

  /// What is known of a file.
  package struct JobsOfFile: Sendable {
    /// Its UFS path.
    package let path: String
    /// Jobs that look at it, newest first, and what became of it in each.
    package let jobs: [(record: JobRecord, outcome: Outcome)]
    /// What the next page comes after; nil when there is none.
    package let next: JobID?
  }

  /// Looks through at most `limit` jobs after `after`, newest first, for those that look at `path`.
  ///
  /// - Throws: `.invalid` for a path in no mount; when the store cannot be read.
  package func jobs(
    of path: String, after: JobID?, limit: Int
  ) async throws(SchedulerError) -> JobsOfFile {
    let path = try ufsPath(of: path)
    var query = JobQuery(after: after, limit: limit)
    query.isNewestFirst = true
    let page = try await list(query)
    var found: [(record: JobRecord, outcome: Outcome)] = []
    for record in page.records {
      let standing = await standing(of: path, in: record.specification)
      guard standing != nil || record.specification.target.isIndex else { continue }
      if let failure = try await failure(of: path, in: record.id) {
        found.append((record, .failed(failure)))
      } else if let standing {
        found.append((record, Self.outcome(standing, in: record)))
      }
    }
    return JobsOfFile(path: path, jobs: found, next: page.next)
  }

  /// How `path` stands to a job; nil also when the job's filter leaves it out.
  private func standing(
    of path: String, in specification: JobSpecification
  ) async -> PathStanding? {
    guard let standing = specification.standing(of: path) else { return nil }
    guard let pattern = specification.options.fileFilter else { return standing }
    // A long pattern takes a while, and there may be many jobs: that is no work for a ring.
    let isKept = await parts.pool.run { LoadFilter(pattern)?.keeps(path: path) ?? true }
    guard !isKept else { return standing }
    // What is named may be a directory, whose name no filter looks at.
    return standing == .named ? .below : nil
  }

  /// What is known of a file that is none of the job's failed ones.
  private static func outcome(_ standing: PathStanding, in record: JobRecord) -> Outcome {
    switch (record.state, standing) {
    case (.succeeded, .named): .succeeded
    case (.succeeded, .below):
      .unknown("the job succeeded with every file that it listed; their names are not kept")
    case (.failed, _): .unknown("the job failed; only the files that failed are kept by name")
    case (.stopped, _): .unknown("the job was stopped; only files that failed are kept by name")
    case (.waiting, _), (.running, _), (.verifying, _): .unknown("the job has not ended")
    }
  }

  private func failure(
    of path: String, in id: JobID
  ) async throws(SchedulerError) -> FailedFile? {
    var first: UInt64 = 0
    while first < Self.failureScanMax {
      let files = try await failures(of: id, from: first, limit: Self.failurePageSize)
      if let file = files.first(where: { $0.path.utf8.elementsEqual(path.utf8) }) { return file }
      guard files.count == Self.failurePageSize else { return nil }
      first += UInt64(files.count)
    }
    return nil
  }
}
