// The JSON report of compat §7.6; what is unknown is left out.

import Model

extension LoadReport {
  /// The JSON report.
  package var json: [UInt8] {
    JSONWriter.object { writer in
      writer.member("mVerbose", isVerbose)
      writer.member("mJobState", state.clientWord)
      if let bandwidth = options.bandwidth { writer.member("mBandwidth", bandwidth) }
      writer.member("mVerificationEnabled", options.verify)
      writer.member("mSkippedByteCount", ledger.skipped.bytes)
      writer.member("mLoadedByteCount", ledger.loaded.bytes)
      writer.member("mScannedInodesCount", ledger.listed.files)
      writer.member("mProcessedInodesCount", ledger.processedFiles)
      if let totalBytes { writer.member("mTotalByteCount", totalBytes) }
      if let throughput { writer.member("mThroughput", throughput) }
      writer.name("mFailureFilesPercentage")
      writer.hundredths(fileFailureRate)
      writer.name("mFailureSubTasksPercentage")
      writer.hundredths(subtaskFailureRate)
      writer.name("mRetrySubTasksPercentage")
      writer.hundredths(subtaskRetryRate)
      if let failure { writer.member("mFailureReason", failure) }
      writer.member("mFailedFileCount", ledger.failed.files)
      if leftOutCount > 0 { writer.member("mLeftOutCount", leftOutCount) }
      if isVerbose {
        Self.write(recentFailures, as: "mRecentFailedSubtasksWithReasons", to: &writer)
        Self.write(recentRetries, as: "mRecentRetryingSubtasksWithReasons", to: &writer)
      }
      writer.member("mSkipIfExists", options.skipIfExists)
      writer.member("mMetadataOnly", options.metadataOnly)
      if let stage { writer.member("mRunningStage", stage) }
      writer.member("mRetryDeadLetterQueueSize", ledger.retrying)
      writer.member("mTimeElapsed", elapsed.wholeMilliseconds)
    }
  }

  private static func write(
    _ incidents: [LoadIncident], as name: String, to writer: inout JSONWriter
  ) {
    writer.name(name)
    writer.array {
      for incident in incidents {
        $0.object {
          $0.member("first", incident.subject)
          $0.member("second", incident.reason)
        }
      }
    }
  }
}
