// The text report of compat §7.5: one tab before each line, in this order.

import Model

extension LoadReport {
  /// The text report; every line ends with a line feed.
  package var text: String {
    var lines: [String] = []
    lines += heading
    lines += bytes
    lines += failures
    lines.append("Subtask Retry rate: \(RateText.hundredths(subtaskRetryRate))%")
    lines.append("Subtasks on Retry Dead Letter Queue: \(ledger.retrying)")
    return lines.map { "\t\($0)\n" }.joined()
  }

  private var heading: [String] {
    let bandwidth = options.bandwidth.map { "\(SizeText.print($0))/s" } ?? "unlimited"
    var lines = [
      "Settings:\tbandwidth: \(bandwidth)\tverify: \(options.verify)"
        + "\tmetadata-only: \(options.metadataOnly)",
      "Time Elapsed: \(clock)",
      "Job State: \(state.clientWord)" + (failure.map { " (LoadFailed: \($0))" } ?? ""),
    ]
    if isVerbose, let stage { lines.append("Stage: \(stage)") }
    lines.append("Inodes Scanned: \(ledger.listed.files)")
    lines.append("Inodes Processed: \(ledger.processedFiles)")
    return lines
  }

  private var bytes: [String] {
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

  private var failures: [String] {
    var lines = [
      "File Failure rate: \(RateText.hundredths(fileFailureRate))%",
      "Subtask Failure rate: \(RateText.hundredths(subtaskFailureRate))%",
      "Files Failed: \(ledger.failed.files)",
    ]
    if leftOutCount > 0 { lines.append("Entries Left Out: \(leftOutCount) (\(leftOutReason))") }
    guard isVerbose else { return lines }
    lines.append("Recent failed subtasks: ")
    lines += recentFailures.map { "\t\($0.subject): \($0.reason)" }
    lines.append("Recent retrying subtasks: ")
    lines += recentRetries.map { "\t\($0.subject): \($0.reason)" }
    return lines
  }

  /// The elapsed time as `HH:mm:ss`.
  private var clock: String {
    let seconds = elapsed.wholeMilliseconds / 1000
    return [seconds / 3600, seconds / 60 % 60, seconds % 60]
      .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }
}
