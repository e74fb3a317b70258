// A job's counts for programs that watch it: one object, all numbers exact and of one instant.

import Model

extension JobReport {
  /// The counts as a JSON object.
  package var counts: [UInt8] {
    JSONWriter.object { writer in
      writer.member("jobId", "\(record.id)")
      writer.member("jobType", record.specification.type.word)
      writer.member("jobState", record.state.word)
      if let stage { writer.member("stage", stage) }
      writer.member("path", record.specification.subject)
      Self.write(\.files, of: ledger, total: totalFiles, as: "files", to: &writer)
      Self.write(\.bytes, of: ledger, total: totalBytes, as: "bytes", to: &writer)
      // Those of a verification are of its own files, whose bytes are counted already.
      if progress.arrived > 0, progress.totals.verification == nil {
        writer.member("arrivedBytes", progress.arrived)
      }
      if let pass = progress.totals.verification, !record.state.isTerminal {
        Self.write(\.files, of: pass, total: nil, as: "verifiedFiles", to: &writer)
      }
      writer.member("verifications", progress.totals.verificationCount)
      writer.member("retrying", progress.totals.retrying)
      writer.member("tasks", progress.taskCount)
      writer.member("elapsedMilliseconds", progress.elapsedMilliseconds)
      if let waits = progress.waits { writer.member("waits", waits) }
      if progress.totals.repeatedPaths > 0 {
        writer.member("repeatedPaths", progress.totals.repeatedPaths)
      }
      if progress.totals.filteredFiles > 0 {
        writer.member("filteredFiles", progress.totals.filteredFiles)
      }
      if let notice { writer.member("notice", notice) }
      if let failure = record.failure { writer.member("failure", failure) }
      if let path = record.failedListPath { writer.member("failedFileListPath", path) }
      writer.name("stuck")
      writer.array { for task in progress.stuckTasks { Self.write(task, to: &$0) } }
    }
  }

  private static func write(
    _ part: KeyPath<FileCount, Int64>, of ledger: JobLedger, total: Int64?, as name: String,
    to writer: inout JSONWriter
  ) {
    writer.name(name)
    writer.object {
      $0.member("listed", ledger.listed[keyPath: part])
      $0.member("loaded", ledger.loaded[keyPath: part])
      $0.member("skipped", ledger.skipped[keyPath: part])
      $0.member("failed", ledger.failed[keyPath: part])
      $0.member("inFlight", ledger.inFlight[keyPath: part])
      if let total { $0.member("total", total) }
    }
  }

  static func write(_ task: StuckTask, to writer: inout JSONWriter) {
    writer.object {
      $0.member("worker", task.workerName)
      $0.member("path", task.path)
      $0.member("since", DateText.iso(task.sinceDate))
      $0.member("sinceMilliseconds", task.sinceDate)
      $0.member("isGivenUp", task.isGivenUp)
    }
  }
}
