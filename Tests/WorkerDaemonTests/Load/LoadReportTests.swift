// Reports, word for word (compat §7.5, §7.6).

import Testing
import WorkerDaemon

@Suite struct LoadReportTests {
  private func report() -> LoadReport {
    var report = LoadReport()
    report.state = .running
    report.ledger.list(bytes: 10_485_760)
    report.ledger.list(bytes: 3200)
    report.ledger.load(bytes: 5_242_880)
    report.ledger.attempt()
    report.elapsed = .seconds(3725)
    return report
  }

  @Test("a running job without details")
  func plain() {
    #expect(
      report().text
        == "\tSettings:\tbandwidth: unlimited\tverify: false\tmetadata-only: false\n"
        + "\tTime Elapsed: 01:02:05\n"
        + "\tJob State: RUNNING\n"
        + "\tInodes Scanned: 2\n"
        + "\tInodes Processed: 0\n"
        + "\tBytes Loaded: 5120.00KB\n"
        + "\tThroughput: 1407B/s\n"
        + "\tFile Failure rate: 0.00%\n"
        + "\tSubtask Failure rate: 0.00%\n"
        + "\tFiles Failed: 0\n"
        + "\tSubtask Retry rate: 0.00%\n"
        + "\tSubtasks on Retry Dead Letter Queue: 0\n")
  }

  @Test("a failed job with details, totals, a bandwidth and skipped files")
  func verbose() {
    var report = report()
    report.options.bandwidth = 10 << 20
    report.options.verify = true
    report.options.skipIfExists = true
    report.isListed = true
    report.isVerbose = true
    report.ledger.fail(unsettled: 5_242_880)
    report.ledger.failSubtask()
    report.ledger.skip(bytes: 3200)
    report.state = .failed
    report.failure = "1 of 2 files are not cached"
    report.recentFailures = [LoadIncident(subject: "s3://b/x", reason: "broken")]
    report.recentRetries = [LoadIncident(subject: "s3://b/y", reason: "busy")]
    #expect(
      report.text
        == "\tSettings:\tbandwidth: 10.00MB/s\tverify: true\tmetadata-only: false\n"
        + "\tTime Elapsed: 01:02:05\n"
        + "\tJob State: FAILED (LoadFailed: 1 of 2 files are not cached)\n"
        + "\tInodes Scanned: 2\n"
        + "\tInodes Processed: 2\n"
        + "\tBytes Skipped: 3200B out of 10.00MB\n"
        + "\tBytes Loaded: 5120.00KB out of 10.00MB\n"
        + "\tThroughput: 1407B/s\n"
        + "\tFile Failure rate: 50.00%\n"
        + "\tSubtask Failure rate: 100.00%\n"
        + "\tFiles Failed: 1\n"
        + "\tRecent failed subtasks: \n"
        + "\t\ts3://b/x: broken\n"
        + "\tRecent retrying subtasks: \n"
        + "\t\ts3://b/y: busy\n"
        + "\tSubtask Retry rate: 0.00%\n"
        + "\tSubtasks on Retry Dead Letter Queue: 0\n")
  }

  @Test("a waiting job is told as running, with its stage when details are asked for")
  func waiting() {
    var report = LoadReport()
    report.isVerbose = true
    #expect(report.text.contains("\tJob State: RUNNING\n"))
    report.state = .running
    #expect(report.text.contains("\tJob State: RUNNING\n\tStage: LOADING\n"))
  }

  @Test("partial listing leaves the totals out, metadata-only the bytes")
  func leavesOut() {
    var partial = report()
    partial.isListed = true
    partial.options.partialListing = true
    #expect(partial.text.contains("\tBytes Loaded: 5120.00KB\n"))
    #expect(partial.totalBytes == nil)
    var metadata = report()
    metadata.options.metadataOnly = true
    #expect(!metadata.text.contains("Bytes Loaded"))
    #expect(!metadata.text.contains("Throughput"))
  }

  @Test("the JSON report has the keys of compat §7.6 and leaves out what is unknown")
  func json() {
    var report = report()
    report.isListed = true
    #expect(
      String(decoding: report.json, as: UTF8.self)
        == #"{"mVerbose":false,"mJobState":"RUNNING","mVerificationEnabled":false,"#
        + #""mSkippedByteCount":0,"mLoadedByteCount":5242880,"mScannedInodesCount":2,"#
        + #""mProcessedInodesCount":0,"mTotalByteCount":10488960,"mThroughput":1407,"#
        + #""mFailureFilesPercentage":0.00,"mFailureSubTasksPercentage":0.00,"#
        + #""mRetrySubTasksPercentage":0.00,"mFailedFileCount":0,"mSkipIfExists":false,"#
        + #""mMetadataOnly":false,"mRunningStage":"LOADING","mRetryDeadLetterQueueSize":0,"#
        + #""mTimeElapsed":3725000}"#)
  }
}
