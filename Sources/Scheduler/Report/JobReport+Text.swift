// The text report of compat §7.5: one tab before each line, in this order.

import Model

extension JobReport {
  /// The text report; every line ends with a line feed.
  package var text: String {
    let lines =
      switch record.specification.type {
      case .load: loadLines
      case .free: freeLines
      case .copy: transferLines("Copied")
      case .move: transferLines("Moved")
      }
    return (lines + noteLines).map { "\t\($0)\n" }.joined()
  }

  /// What is beyond the original report, and only said when there is something to say.
  private var noteLines: [String] {
    var lines: [String] = []
    if progress.totals.repeatedPaths > 0 {
      lines.append(
        "Paths named twice, or below others: \(progress.totals.repeatedPaths), counted once")
    }
    if let notice { lines.append("Notice: \(notice)") }
    if record.state.isTerminal, !isVerbose, ledger.failed.files > 0 {
      let named = progress.recentFailures.prefix(3)
      lines += named.map { "Failed: \($0.subject): \($0.reason)" }
      let rest = ledger.failed.files - Int64(named.count)
      if rest > 0, !named.isEmpty {
        lines.append("Failed: \(rest) more; all by --progress --file-status FAILURE")
      }
    }
    if progress.arrived > 0 {
      lines.append("Bytes of files under way: \(SizeText.print(progress.arrived))")
    }
    if let waits = progress.waits { lines.append("Waits: \(waits)") }
    return lines
  }

  // MARK: LOAD

  private var loadLines: [String] {
    loadHeading + loadBytes + failureLines + detailLines + [
      "Subtask Retry rate: \(RateText.hundredths(subtaskRetryRate))%",
      "Subtasks on Retry Dead Letter Queue: \(progress.totals.retrying)",
    ] + stuckLines + pathLine
  }

  private var loadHeading: [String] {
    let bandwidth = options.bandwidth.map { "\(SizeText.print($0))/s" } ?? "unlimited"
    var lines = [
      "Settings:\tbandwidth: \(bandwidth)\tverify: \(options.verify)"
        + "\tmetadata-only: \(options.metadataOnly)",
      "Time Elapsed: \(clock)", "Job State: \(record.state.word)\(failureSuffix)",
    ]
    if isVerbose, let stage { lines.append("Stage: \(stage)") }
    lines.append("Inodes Scanned: \(ledger.listed.files)")
    lines.append("Inodes Processed: \(ledger.settled.files)")
    return lines
  }

  private var loadBytes: [String] {
    let total = totalBytes.map { " out of \(SizeText.print($0))" } ?? ""
    var lines: [String] = []
    if options.skipIfExists {
      lines.append("Bytes Skipped: \(SizeText.print(ledger.skipped.bytes))\(total)")
    }
    if !options.metadataOnly {
      lines.append("Bytes Loaded: \(SizeText.print(ledger.loaded.bytes))\(total)")
      if let throughput { lines.append("Throughput: \(SizeText.print(throughput))/s") }
    }
    return lines
  }

  private var failureLines: [String] {
    [
      "File Failure rate: \(RateText.hundredths(fileFailureRate))%",
      "Subtask Failure rate: \(RateText.hundredths(subtaskFailureRate))%",
      "Files Failed: \(ledger.failed.files)",
    ]
  }

  private var detailLines: [String] {
    guard isVerbose else { return [] }
    return ["Recent failed subtasks: "]
      + progress.recentFailures.map { "\t\($0.subject): \($0.reason)" }
      + ["Recent retrying subtasks: "]
      + progress.recentRetries.map { "\t\($0.subject): \($0.reason)" }
  }

  private var pathLine: [String] {
    record.failedListPath.map { ["Failed files saved to: \($0)"] } ?? []
  }

  // MARK: FREE, COPY, MOVE

  private var freeLines: [String] {
    [
      "Time Elapsed: \(clock)", "Job State: \(record.state.word)\(failureSuffix)",
      "Files Freed: \(ledger.loaded.files)",
      "Bytes Freed: \(SizeText.print(ledger.loaded.bytes))",
      "Files Failed: \(ledger.failed.files)",
    ] + detailLines + stuckLines + pathLine
  }

  private func transferLines(_ verb: String) -> [String] {
    // A move compares whatever was asked for.
    let isChecked = options.checkContent || record.specification.type == .move
    var lines = [
      "Settings: \"check-content: \(isChecked)\"",
      "Job Submitted: \(DateText.line(record.submittedAt))", "Job Id: \(record.id)",
      "Job State: \(record.state.word)\(failureSuffix)",
      "Files qualified so far: \(ledger.listed.files), \(SizeText.print(ledger.listed.bytes))",
      "Files Failed: \(ledger.failed.files)", "Files Skipped: \(ledger.skipped.files)",
      "Files Succeeded: \(ledger.loaded.files)",
      "Bytes \(verb): \(SizeText.print(ledger.loaded.bytes))",
    ]
    if let throughput { lines.append("Throughput: \(SizeText.print(throughput))/s") }
    lines.append("Files failure rate: \(RateText.hundredths(fileFailureRate))%")
    return lines + detailLines + stuckLines + pathLine
  }

  /// Who keeps the job waiting, at which file, since when; no line while nobody does.
  private var stuckLines: [String] {
    guard !progress.stuckTasks.isEmpty else { return [] }
    return ["Tasks without progress: \(progress.stuckTasks.count)"]
      + progress.stuckTasks.map { task in
        "\t\(task.workerName): \(task.path), since \(DateText.iso(task.sinceDate))"
          + (task.isGivenUp ? "; its files went to other workers" : "")
      }
  }

  /// The elapsed time as `HH:mm:ss`.
  private var clock: String { DateText.clock(milliseconds: progress.elapsedMilliseconds) }
}
