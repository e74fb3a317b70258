// `penstock job load`: files into the cache, all of them accounted for.

import ArgumentParser
import Scheduler

/// `penstock job load` (compat §7.2).
struct JobLoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Loads files into the cache.",
    discussion: """
      A load is known by its path. SUCCEEDED means that every file was brought into the cache or \
      was there; every other file is counted, and listed in a file that the report names. Entries \
      that no path can name (names that are not UTF-8, keys with '//' in them, special files, links \
      that lead nowhere) count as failed, in one line that says how many they are.
      """)

  @Option(help: "A UFS URI, or a path below a mount; may be given several times.")
  var path: [String] = []
  @Option(help: "A UFS URI, or a path below a mount, of a file with one path a line; may be gzip.")
  var indexFile: String?
  @Flag(exclusivity: .exclusive) var action: JobAction

  @Option(help: "Most bytes a second that each worker reads from the UFS, such as 100MB.")
  var bandwidth: String?
  @Flag(help: "Lists again at the end, and loads what is new or missing.")
  var verify = false
  @Flag(help: "Leaves totals out until the listing is complete.")
  var partialListing = false
  @Flag(help: "Loads the status of files only.")
  var metadataOnly = false
  @Flag(help: "Counts files that are wholly cached as skipped.")
  var skipIfExists = false
  @Option(help: "Keeps the files whose name this regular expression matches wholly.")
  var fileFilterRegx: String?
  @Option(help: "Workers that each file is loaded onto.")
  var replicas: Int32?
  @Option(help: "Files of a task.")
  var batchSize: Int32?
  @Option(help: "Higher ones run first.")
  var priority: Int32?
  @Option(help: "A name for later questions, in place of the path.")
  var alias: String?

  @OptionGroup var report: JobReportOptions
  @OptionGroup var coordinator: CoordinatorOptions

  func validate() throws {
    guard path.isEmpty || indexFile == nil else {
      throw ValidationError("--path and --index-file exclude each other")
    }
    guard !path.isEmpty || indexFile != nil || alias != nil && action != .submit else {
      throw ValidationError("Missing expected argument '--path <path>'")
    }
    try report.check(action)
  }

  func run() throws {
    let target: JobTarget? =
      if let indexFile { .index(indexFile) } else { path.isEmpty ? nil : .paths(path) }
    let call = JobCall(type: .load, target: target, alias: alias, coordinator: coordinator)
    try call.run(action, options, report)
  }

  private var options: [(String, String)] {
    let flags = [
      ("verify", verify), ("partialListing", partialListing), ("loadMetadataOnly", metadataOnly),
      ("skipIfExists", skipIfExists),
    ].filter(\.1).map { ($0.0, "true") }
    let texts: [(String, String?)] = [
      ("bandwidth", bandwidth), ("fileFilterRegx", fileFilterRegx),
      ("replicas", replicas.map { "\($0)" }), ("batchSize", batchSize.map { "\($0)" }),
      ("priority", priority.map { "\($0)" }),
    ]
    return flags + texts.compactMap { name, text in text.map { (name, $0) } }
  }
}
