// `penstock cache free`: drops what is cached, and leaves the under file system alone.

import ArgumentParser
import Model
import WorkerDaemon

/// `penstock cache free`: drops cached data.
struct CacheFreeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "free", abstract: "Drops cached data; the under file system keeps its files.",
    discussion: """
      Pinned files stay unless --force is given. Prints what was really freed. The exit status is 0 \
      even if nothing was cached there or pinned files stay, and 1 when the worker refuses.
      """)

  @Argument(help: "What to drop, with everything below.")
  var path: String
  @Flag(help: "Drops pinned files, too.")
  var force = false
  @OptionGroup var options: CacheOptions

  func run() throws {
    let (text, value) = try options.call(
      "POST", "free", [("path", path), ("force", force ? "true" : "false")])
    if options.json { return try options.print(text) }
    func count(_ name: String) -> Int64 { value[name]?.integer ?? 0 }
    try options.print(
      "Freed \(SizeText.print(count("freedBytes"))) of \(count("freedFiles")) files")
    if count("pinnedFiles") > 0 {
      Terminal.error(
        "\(count("pinnedFiles")) pinned files with \(SizeText.print(count("pinnedBytes"))) stay; "
          + "unpin them, or use --force")
    }
  }
}
