// `penstock cache pin`: what must not be evicted.

import ArgumentParser
import Model
import WorkerDaemon

/// `penstock cache pin`: keeps cached data from being evicted.
struct CachePinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin", abstract: "Keeps what is cached, and will be, from being evicted.",
    discussion: """
      Without a path, lists what is pinned. Pinning brings nothing into the cache; read the files, or \
      load them. What is pinned can still be dropped by `free --force`, by a TTL and by a change of \
      the file. penstock.worker.page.store.pinned.ratio.max limits how much may be pinned.
      """)

  @Argument(help: "What to pin, with everything below.")
  var path: String?
  @OptionGroup var options: CacheOptions

  func run() throws {
    guard let path else { return try options.list("pin") { _ in "" } }
    let (text, value) = try options.call("POST", "pin", [("path", path)])
    if options.json { return try options.print(text) }
    let cached = value["cachedBytes"]?.integer ?? 0
    try options.print(
      "\(value["message"]?.text ?? text), of which \(SizeText.print(cached)) is cached now")
  }
}

/// `penstock cache unpin`: lets cached data be evicted again.
struct CacheUnpinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unpin", abstract: "Lets pinned data be evicted again.")

  @Argument(help: "A path that was pinned.")
  var path: String
  @OptionGroup var options: CacheOptions

  func run() throws { try options.change("POST", "unpin", [("path", path)]) }
}
