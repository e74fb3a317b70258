// Reports, byte for byte as compat §7.4–§7.7 has them.

import Model
import Testing

@testable import Scheduler

@Suite struct JobReportTests {
  private let id = JobID(high: 0x1c84_9041_ef26_7ed7, low: 0x932a_af25_4975_4d7a)

  private func progress(
    _ type: JobType = .load, _ target: JobTarget = .paths(["s3://b/d"]),
    _ options: JobOptions = JobOptions()
  ) -> JobProgress {
    var record = JobRecord(
      id: id, JobSpecification(type, target, options: options), submittedAt: 1_795_251_900_120)
    record.startedAt = 1_795_251_901_000
    record.state = .running
    var progress = JobProgress(record, at: 1_795_255_602_500)
    for bytes in [100, 4000, 0, 2900] as [Int64] { progress.totals.ledger.list(bytes: bytes) }
    progress.totals.ledger.load(listed: 4000, bytes: 4000)
    progress.totals.ledger.skip(bytes: 100)
    progress.totals.ledger.fail(bytes: 0)
    progress.totals.subtasks = 6
    progress.totals.failedSubtasks = 1
    progress.totals.retriedSubtasks = 2
    progress.totals.retrying = 1
    return progress
  }

  @Test("the text report of a load has the lines of the reference, in its order")
  func text() {
    let report = JobReport(progress())
    #expect(
      report.text == """
        \tSettings:\tbandwidth: unlimited\tverify: false\tmetadata-only: false
        \tTime Elapsed: 01:01:41
        \tJob State: RUNNING
        \tInodes Scanned: 4
        \tInodes Processed: 3
        \tBytes Loaded: 4000B
        \tThroughput: 1B/s
        \tFile Failure rate: 33.33%
        \tSubtask Failure rate: 16.67%
        \tFiles Failed: 1
        \tSubtask Retry rate: 33.33%
        \tSubtasks on Retry Dead Letter Queue: 1

        """)
  }

  @Test("tasks without progress are named with worker, file and time, as text and as JSON")
  func stuck() throws {
    var progress = progress()
    let worker = WorkerIdentity(high: 1, low: 2)
    var task = StuckTask(
      task: TaskID(epoch: 1, number: 2), job: id, worker: worker, workerName: "w:1",
      path: "s3://b/d/x", since: 5, sinceDate: 1_795_251_900_120)
    progress.stuckTasks = [task]
    task.isGivenUp = true
    progress.stuckTasks.append(task)
    let lines = """
      \tTasks without progress: 2
      \t\tw:1: s3://b/d/x, since 2026-11-21T09:05:00.120+00:00
      \t\tw:1: s3://b/d/x, since 2026-11-21T09:05:00.120+00:00; its files went to other workers

      """
    #expect(JobReport(progress).text.hasSuffix(lines))
    let json = try JSONReader.parse(JobReport(progress).json)
    let stuck = try #require(json["mStuckSubtasks"]?.elements)
    #expect(stuck.count == 2 && stuck[0]["worker"]?.text == "w:1")
    #expect(stuck[0]["path"]?.text == "s3://b/d/x")
    #expect(stuck[0]["since"]?.text == "2026-11-21T09:05:00.120+00:00")
    for type in [JobType.free, .copy, .move] {
      var other = progress
      let target =
        type == .free ? JobTarget.paths(["/a"]) : .transfer(source: "/a", destination: "/b")
      other.record = JobRecord(id: id, JobSpecification(type, target), submittedAt: 0)
      #expect(JobReport(other).text.contains("Tasks without progress: 2"))
    }
  }

  @Test("a verbose report of a failed load with every option names everything")
  func verbose() {
    var options = JobOptions()
    options.bandwidth = 10 << 20
    options.verify = true
    options.skipIfExists = true
    var progress = progress(.load, .paths(["s3://b/d"]), options)
    progress.record.state = .failed
    progress.record.failure = "Job partially failed."
    progress.record.failedListPath = "/var/x"
    progress.totals.isListed = true
    progress.recentFailures = [NamedFailure(subject: "s3://b/d/x", reason: "gone")]
    progress.recentRetries = [NamedFailure(subject: "s3://b/d/y", reason: "slow")]
    #expect(
      JobReport(progress, isVerbose: true).text == """
        \tSettings:\tbandwidth: 10.00MB/s\tverify: true\tmetadata-only: false
        \tTime Elapsed: 01:01:41
        \tJob State: FAILED (JobFailed: Job partially failed.)
        \tInodes Scanned: 4
        \tInodes Processed: 3
        \tBytes Skipped: 100B out of 6.84KB
        \tBytes Loaded: 4000B out of 6.84KB
        \tThroughput: 1B/s
        \tFile Failure rate: 33.33%
        \tSubtask Failure rate: 16.67%
        \tFiles Failed: 1
        \tRecent failed subtasks: 
        \t\ts3://b/d/x: gone
        \tRecent retrying subtasks: 
        \t\ts3://b/d/y: slow
        \tSubtask Retry rate: 33.33%
        \tSubtasks on Retry Dead Letter Queue: 1
        \tFailed files saved to: /var/x

        """)
  }

  @Test("a running load names its stage when asked for details")
  func stage() {
    var progress = progress()
    progress.totals.isListed = true
    #expect(JobReport(progress, isVerbose: true).text.contains("\tStage: RETRYING\n"))
    progress.taskCount = 1
    #expect(JobReport(progress, isVerbose: true).text.contains("\tStage: LOADING\n"))
    #expect(!JobReport(progress).text.contains("Stage"))
  }

  @Test("a load of metadata has no bytes, one that lists as it goes no totals")
  func leftOut() {
    var options = JobOptions()
    options.metadataOnly = true
    #expect(!JobReport(progress(.load, .paths(["p"]), options)).text.contains("Bytes"))
    options = JobOptions()
    options.partialListing = true
    var partial = progress(.load, .paths(["p"]), options)
    partial.totals.isListed = true
    #expect(!JobReport(partial).text.contains("out of"))
    var counted = progress()
    counted.totals.expected = FileCount(files: 100, bytes: 9000)
    #expect(JobReport(counted).text.contains("Bytes Loaded: 4000B out of 8.79KB\n"))
  }

  @Test("the text report of a copy has the lines of the documentation")
  func copy() {
    var options = JobOptions()
    options.checkContent = true
    let report = JobReport(
      progress(.copy, .transfer(source: "s3://a", destination: "s3://b"), options))
    #expect(
      report.text == """
        \tSettings: "check-content: true"
        \tJob Submitted: Sat Nov 21 09:05:00 UTC 2026
        \tJob Id: 1c849041-ef26-7ed7-932a-af2549754d7a
        \tJob State: RUNNING
        \tFiles qualified so far: 4, 6.84KB
        \tFiles Failed: 1
        \tFiles Skipped: 1
        \tFiles Succeeded: 1
        \tBytes Copied: 4000B
        \tThroughput: 1B/s
        \tFiles failure rate: 33.33%

        """)
  }

  @Test("a move always compares, and its settings say so")
  func move() {
    let target = JobTarget.transfer(source: "s3://a", destination: "s3://b")
    #expect(
      JobReport(progress(.move, target)).text.hasPrefix("\tSettings: \"check-content: true\"\n"))
    #expect(
      JobReport(progress(.copy, target)).text.hasPrefix("\tSettings: \"check-content: false\"\n"))
  }

  @Test("the whole of a job that was stopped is what it had listed, not what it did")
  func stopped() {
    var progress = progress()
    progress.record.state = .stopped
    progress.totals.givenBack = progress.totals.ledger.giveBack()
    #expect(JobReport(progress).text.contains("\tBytes Loaded: 4000B\n"))
    progress.totals.isListed = true
    let report = JobReport(progress)
    #expect(report.text.contains("\tInodes Processed: 3\n"))
    #expect(report.text.contains("\tBytes Loaded: 4000B out of 6.84KB\n"), "\(report.text)")
    #expect(report.totalFiles == 4 && report.totalBytes == 7000)
  }

  @Test("the JSON report has the keys of the reference and leaves out what is unknown")
  func json() {
    let text = String(decoding: JobReport(progress()).json, as: UTF8.self)
    #expect(
      text == #"{"mVerbose":false,"mJobState":"RUNNING","mVerificationEnabled":false,"#
        + #""mSkippedByteCount":100,"mLoadedByteCount":4000,"mScannedInodesCount":4,"#
        + #""mProcessedInodesCount":3,"mThroughput":1,"mFailureFilesPercentage":33.33,"#
        + #""mFailureSubTasksPercentage":16.67,"mRetrySubTasksPercentage":33.33,"#
        + #""mFailedFileCount":1,"mSkipIfExists":false,"mMetadataOnly":false,"#
        + #""mRunningStage":"LOADING","mRetryDeadLetterQueueSize":1,"mTimeElapsed":3701500}"#)
  }

  @Test("the JSON report of a failed job has its reason and its lists")
  func failedJSON() {
    var options = JobOptions()
    options.bandwidth = 5
    var progress = progress(.load, .paths(["p"]), options)
    progress.record.state = .failed
    progress.record.failure = "why"
    progress.record.failedListPath = "/x"
    progress.recentFailures = [NamedFailure(subject: "a", reason: "b")]
    progress.totals.isListed = true
    let text = String(decoding: JobReport(progress, isVerbose: true).json, as: UTF8.self)
    for part in [
      #""mBandwidth":5,"#, #""mTotalByteCount":7000,"#, #""mFailureReason":"why","#,
      #""mRecentFailedSubtasksWithReasons":[{"first":"a","second":"b"}],"#,
      #""mRecentRetryingSubtasksWithReasons":[],"#, #""mFailedFileSavedPath":"/x"}"#,
    ] { #expect(text.contains(part), "\(part) in \(text)") }
  }

  @Test(
    "a job that succeeded and did nothing says why: no file, none that the filter keeps, none cached"
  )
  func notices() {
    func done(_ type: JobType, filtered: Int64 = 0) -> JobReport {
      let target =
        type == .copy
        ? JobTarget.transfer(source: "s3://a", destination: "s3://b") : .paths(["s3://b/d"])
      var progress = JobProgress(
        JobRecord(id: id, JobSpecification(type, target), submittedAt: 0), at: 0)
      progress.record.state = .succeeded
      progress.totals.isListed = true
      progress.totals.filteredFiles = filtered
      return JobReport(progress)
    }
    #expect(done(.load).text.hasSuffix("\tNotice: there is no file\n"))
    #expect(done(.load, filtered: 7).text.hasSuffix("\tNotice: the filter kept none of 7 files\n"))
    #expect(done(.copy, filtered: 7).text.hasSuffix("\tNotice: the filter kept none of 7 files\n"))
    #expect(done(.free).text.hasSuffix("\tNotice: nothing of it was in the cache\n"))
    let load = done(.load, filtered: 7)
    for (bytes, name) in [(load.json, "mNotice"), (load.rest, "notice"), (load.counts, "notice")] {
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(text.contains("\"\(name)\":\"the filter kept none of 7 files\""), "\(text)")
    }
    var some = load
    some.progress.totals.ledger.list(bytes: 1)
    some.progress.totals.ledger.load(listed: 1, bytes: 1)
    #expect(some.notice == nil)
    var failed = load
    failed.progress.record.state = .failed
    #expect(failed.notice == nil)
  }

  @Test("a reason beside the path that it is about does not begin with that path again")
  func reasons() {
    let failed = FailedFile(path: "s3://b/f", length: 0, reason: "s3://b/f: no such file")
    #expect(failed.reason == "no such file")
    #expect(NamedFailure(subject: "s3://b/f", reason: "s3://b/f: gone").reason == "gone")
    for reason in ["s3://b/fg: gone", "s3://b/f", "s3://b/f: ", "gone: s3://b/f: gone", ""] {
      #expect(NamedFailure(subject: "s3://b/f", reason: reason).reason == reason)
    }
  }

  @Test("the progress object of REST leaves out empty values")
  func rest() {
    let text = String(decoding: JobReport(progress()).rest, as: UTF8.self)
    #expect(
      text == #"{"id":"1c849041-ef26-7ed7-932a-af2549754d7a","#
        + #""startTime":"2026-11-21T09:05:01.000+00:00","state":"RUNNING","#
        + #""runningState":"LOADING","paths":["s3://b/d"],"skipIfExists":false,"#
        + #""loadMetadataOnly":false,"verify":false,"timeElapsedMilliseconds":3701500,"#
        + #""loadedBytes":4000,"skippedBytes":100,"loadedNonEmptyFiles":1,"failedFiles":1,"#
        + #""scannedFiles":4}"#)
    var failed = progress(.load, .index("s3://b/list"))
    failed.record.state = .failed
    failed.record.failure = "why"
    failed.record.specification.alias = "nightly"
    let other = String(decoding: JobReport(failed).rest, as: UTF8.self)
    #expect(other.contains(#""errorMessage":{"type":"JobFailed","message":"why"}"#))
    #expect(other.contains(#""index":"s3://b/list","alias":"nightly""#))
    #expect(!other.contains("runningState") && !other.contains("paths"))
  }
}
