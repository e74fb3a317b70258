// The JSON report of compat §7.6; what is unknown is left out.

import Model

extension JobReport {
  /// The JSON report.
  package var json: [UInt8] {
    JSONWriter.object { writer in
      writer.member("mVerbose", isVerbose)
      writer.member("mJobState", record.state.word)
      if let bandwidth = options.bandwidth { writer.member("mBandwidth", bandwidth) }
      writer.member("mVerificationEnabled", options.verify)
      writeCounts(to: &writer)
      writeRates(to: &writer)
      if isVerbose {
        Self.write(progress.recentFailures, as: "mRecentFailedSubtasksWithReasons", to: &writer)
        Self.write(progress.recentRetries, as: "mRecentRetryingSubtasksWithReasons", to: &writer)
      }
      writer.member("mSkipIfExists", options.skipIfExists)
      writer.member("mMetadataOnly", options.metadataOnly)
      if let stage { writer.member("mRunningStage", stage) }
      if let waits = progress.waits { writer.member("mWaits", waits) }
      if let notice { writer.member("mNotice", notice) }
      writer.member("mRetryDeadLetterQueueSize", progress.totals.retrying)
      writer.member("mTimeElapsed", progress.elapsedMilliseconds)
      if !progress.stuckTasks.isEmpty {
        writer.name("mStuckSubtasks")
        writer.array { for task in progress.stuckTasks { Self.write(task, to: &$0) } }
      }
      if let path = record.failedListPath { writer.member("mFailedFileSavedPath", path) }
    }
  }

  private func writeCounts(to writer: inout JSONWriter) {
    writer.member("mSkippedByteCount", ledger.skipped.bytes)
    writer.member("mLoadedByteCount", ledger.loaded.bytes)
    writer.member("mScannedInodesCount", ledger.listed.files)
    writer.member("mProcessedInodesCount", ledger.settled.files)
    if let totalBytes { writer.member("mTotalByteCount", totalBytes) }
    if let throughput { writer.member("mThroughput", throughput) }
  }

  private func writeRates(to writer: inout JSONWriter) {
    writer.name("mFailureFilesPercentage")
    writer.hundredths(fileFailureRate)
    writer.name("mFailureSubTasksPercentage")
    writer.hundredths(subtaskFailureRate)
    writer.name("mRetrySubTasksPercentage")
    writer.hundredths(subtaskRetryRate)
    if let failure = record.failure { writer.member("mFailureReason", failure) }
    writer.member("mFailedFileCount", ledger.failed.files)
  }

  private static func write(
    _ failures: [NamedFailure], as name: String, to writer: inout JSONWriter
  ) {
    writer.name(name)
    writer.array {
      for failure in failures {
        $0.object {
          $0.member("first", failure.subject)
          $0.member("second", failure.reason)
        }
      }
    }
  }
}
