// Which jobs a file belongs to, and what became of it there.

import Model
package import Scheduler

extension Coordinator {
  /// Failed files that are looked through at once, and of a job for one path.
  private static let failurePageSize = 1000
  private static let failureScanMax = 1_000_000

  /// What is known of a file.
  package struct JobsOfFile: Sendable {
    /// Its UFS path.
    package let path: String
    /// Jobs that it belongs to, newest first, and its failure in each.
    package let jobs: [(record: JobRecord, failure: FailedFile?)]
    /// What the next page comes after; nil when there is none.
    package let next: JobID?
  }

  /// Looks through at most `limit` jobs after `after`, newest first, for those that `path` belongs to.
  ///
  /// - Throws: `.invalid` for a path in no mount; when the store cannot be read.
  package func jobs(
    of path: String, after: JobID?, limit: Int
  ) async throws(SchedulerError) -> JobsOfFile {
    let path = try ufsPath(of: path)
    var query = JobQuery(after: after, limit: limit)
    query.isNewestFirst = true
    let page = try await list(query)
    var found: [(record: JobRecord, failure: FailedFile?)] = []
    for record in page.records {
      let isNamed = record.specification.covers(path)
      let failure =
        isNamed || record.specification.target.isIndex
        ? try await failure(of: path, in: record.id) : nil
      if isNamed || failure != nil { found.append((record, failure)) }
    }
    return JobsOfFile(path: path, jobs: found, next: page.next)
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
