// What `job copy` and `job move` have in common.

import ArgumentParser
import Scheduler

/// The options of a copy or move.
struct JobTransferOptions: ParsableArguments {
  @Option(help: "A UFS URI, or a path below a mount: a file, or a directory with all below it.")
  var src: String
  @Option(help: "The path that the source is to have.")
  var dst: String
  @Option(help: "A file with one path a line, each below the source: only these; may be gzip.")
  var indexFile: String?
  @Flag(help: "Reads each copy again and compares it; moves always do.")
  var checkContent = false
  @Flag(help: "Leaves totals out until the listing is complete.")
  var partialListing = false
  @Option(
    help: ArgumentHelp(
      "Whether a target with other content is replaced: never (the file fails), if-different, always."
    ))
  var overwrite = "never"
  @Option(help: "Keeps the files whose name this regular expression matches wholly.")
  var fileFilterRegx: String?
  @Option(help: "Most bytes a second that each worker reads, such as 100MB.")
  var bandwidth: String?
  @Option(help: "Files of a task.")
  var batchSize: Int32?
  @Option(help: "Higher ones run first.")
  var priority: Int32?

  /// What the job is about.
  var target: JobTarget {
    indexFile.map { .indexedTransfer(index: $0, source: src, destination: dst) }
      ?? .transfer(source: src, destination: dst)
  }

  /// - Throws: a line for a word that is no rule.
  func check() throws {
    guard OverwriteRule(word: overwrite) != nil else {
      throw ValidationError("--overwrite is never, if-different or always")
    }
  }

  /// The options as the coordinator knows them.
  var options: [(String, String)] {
    let flags = [("check_content", checkContent), ("partialListing", partialListing)]
      .filter(\.1).map { ($0.0, "true") }
    let texts: [(String, String?)] = [
      ("overwrite", overwrite), ("fileFilterRegx", fileFilterRegx), ("bandwidth", bandwidth),
      ("batchSize", batchSize.map { "\($0)" }), ("priority", priority.map { "\($0)" }),
    ]
    return flags + texts.compactMap { name, text in text.map { (name, $0) } }
  }
}
