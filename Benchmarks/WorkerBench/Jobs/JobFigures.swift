// A job's counts as its coordinator tells them.

/// One answer about a job.
struct JobFigures {
  /// Its state's word, such as `RUNNING`.
  let state: String
  /// Files and bytes: listed, loaded, skipped, failed, in flight.
  let files: [Int]
  let bytes: [Int]
  /// The whole answer.
  let text: String

  private static let names = ["listed", "loaded", "skipped", "failed", "inFlight"]

  /// The counts in the JSON of an answer; −1 stands for one that is not there.
  init(_ text: String) {
    self.text = text
    state = textValue("jobState", in: text) ?? ""
    files = Self.numbers("files", in: text)
    bytes = Self.numbers("bytes", in: text)
  }

  private static func numbers(_ part: String, in text: String) -> [Int] {
    guard let found = text.firstRange(of: "\"\(part)\":{") else { return names.map { _ in -1 } }
    let object = String(text[found.upperBound...].prefix { $0 != "}" })
    return names.map { integerValue("\"\($0)\"", in: object) ?? -1 }
  }

  /// Files listed, loaded and failed.
  var listed: Int { files[0] }
  var loaded: Int { files[1] }
  var failed: Int { files[3] }

  /// Whether the job has ended.
  var hasEnded: Bool { ["SUCCEEDED", "FAILED", "STOPPED"].contains(state) }

  /// listed = loaded + skipped + failed + in flight, in files and in bytes, and none of them missing.
  var isExact: Bool {
    [files, bytes].allSatisfy { $0.allSatisfy { $0 >= 0 } && $0[0] == $0[1...].reduce(0, +) }
  }
}
