// `penstock job load`: files into the cache, all of them accounted for.

import ArgumentParser
import Scheduler

/// `penstock job load` (compat §7.2).
struct JobLoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Loads files into the cache.",
    discussion: """
      A load is known by its path. SUCCEEDED means that every file was brought into the cache or \
      was there; every other file is counted, and listed in a file that the report names.
      """)

  @Option(help: "A UFS URI, or a path below a mount.")
  var path: String?
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

  @Option(help: "TEXT or JSON, with --progress.")
  var format = "TEXT"
  @Flag(help: "Names recent failures and retries, with --progress.")
  var verbose = false
  @OptionGroup var coordinator: CoordinatorOptions

  func validate() throws {
    guard path != nil || alias != nil && action != .submit else {
      throw ValidationError("Missing expected argument '--path <path>'")
    }
    guard ["TEXT", "JSON"].contains(format.uppercased()) else {
      throw ValidationError("--format is TEXT or JSON")
    }
  }

  func run() throws {
    let name = path.map { ("path", $0) } ?? ("alias", alias ?? "")
    let call = JobPathCall(type: .load, subject: name.1, name: name, coordinator: coordinator)
    switch action {
    case .submit: try call.submit(options)
    case .stop: try call.stop()
    case .progress: try call.progress(format: format.uppercased(), verbose: verbose)
    }
  }

  private var options: [(String, String)] {
    let flags = [
      ("verify", verify), ("partialListing", partialListing), ("loadMetadataOnly", metadataOnly),
      ("skipIfExists", skipIfExists),
    ].filter(\.1).map { ($0.0, "true") }
    let texts: [(String, String?)] = [
      ("bandwidth", bandwidth), ("fileFilterRegx", fileFilterRegx), ("alias", alias),
      ("replicas", replicas.map { "\($0)" }), ("batchSize", batchSize.map { "\($0)" }),
      ("priority", priority.map { "\($0)" }),
    ]
    return flags + texts.compactMap { name, text in text.map { (name, $0) } }
  }
}
