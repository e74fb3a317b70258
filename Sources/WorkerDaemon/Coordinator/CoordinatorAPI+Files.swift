// Calls about a job's counts and its failed files, and about the jobs of a file.

import HTTPWire
import Model
import Scheduler

extension CoordinatorAPI {
  /// Failed files of an answer at most, and jobs of one.
  private static let pageSize = 1000

  /// The exact counts of a job (`JobReport+Counts`).
  func counts(_ type: JobType, _ request: JobRequest) async throws(RESTProblem) -> [UInt8] {
    JobReport(try await find(type, request).progress).counts
  }

  /// Failed files of a job, from number `lastKey` on.
  func failedFiles(_ type: JobType, _ request: JobRequest) async throws(RESTProblem) -> [UInt8] {
    let progress = try await find(type, request).progress
    let id = progress.record.id
    var first: UInt64 = 0
    if let text = try request.text("lastKey") {
      guard let number = UInt64(text) else {
        throw .badParameter("lastKey", "is none that an answer gave")
      }
      first = number
    }
    let files = try await failures(of: id, from: first)
    return JSONWriter.object {
      $0.member("jobId", "\(id)")
      $0.name("files")
      $0.array { writer in for file in files { Self.write(file, to: &writer) } }
      if files.count == Self.pageSize {
        $0.member("lastKey", "\(first &+ UInt64(files.count))")
      } else {
        // The books are read first: what fails meanwhile is named, not missing.
        let named = Int64(clamping: first) &+ Int64(files.count)
        let rest = progress.totals.ledger.failed.files &- named
        if rest > 0, progress.record.state.isTerminal { $0.member("unnamed", rest) }
      }
    }
  }

  private static func write(_ file: FailedFile, to writer: inout JSONWriter) {
    writer.object {
      $0.member("path", file.path)
      $0.member("state", "FAILURE")
      $0.member("length", file.length)
      $0.member("reason", file.reason)
    }
  }

  private func failures(
    of id: JobID, from first: UInt64
  ) async throws(RESTProblem) -> [FailedFile] {
    do throws(SchedulerError) {
      return try await coordinator.failures(of: id, from: first, limit: Self.pageSize)
    } catch { throw RESTProblem(error) }
  }

  /// The jobs that a file belongs to, newest first, and what became of it.
  func findJobs(_ request: JobRequest) async throws(RESTProblem) -> [UInt8] {
    guard let asked = try request.text("file") else { throw .badParameter("file", "is missing") }
    let after = try request.lastJob()
    let found: Coordinator.JobsOfFile
    do throws(SchedulerError) {
      found = try await coordinator.jobs(of: asked, after: after, limit: Self.pageSize)
    } catch { throw RESTProblem(error) }
    return JSONWriter.object {
      $0.name("jobs")
      $0.array { writer in
        for (record, outcome) in found.jobs { Self.write(record, outcome, to: &writer) }
      }
      if let next = found.next { $0.member("lastKey", "\(next)") }
    }
  }

  private static func write(
    _ record: JobRecord, _ outcome: Coordinator.Outcome, to writer: inout JSONWriter
  ) {
    writer.object {
      $0.member("jobId", "\(record.id)")
      $0.member("jobType", record.specification.type.word)
      $0.member("jobState", record.state.word)
      $0.member("path", record.specification.subject)
      $0.member("submitted", DateText.iso(record.submittedAt))
      $0.member("fileState", outcome.word)
      if let reason = outcome.reason { $0.member("reason", reason) }
    }
  }
}
