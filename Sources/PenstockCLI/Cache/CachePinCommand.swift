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
      the file. penstock.worker.page.store.pinned.ratio.max limits how much may be pinned. With \
      --coordinator the path is pinned on every worker of that coordinator, those to come included.
      """)

  @Argument(help: "What to pin, with everything below.")
  var path: String?
  @OptionGroup var everywhere: PinPlaceOptions
  @OptionGroup var options: CacheOptions

  func run() throws {
    if everywhere.coordinator != nil { return try everywhere.change(path, "POST", options) }
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
  @OptionGroup var everywhere: PinPlaceOptions
  @OptionGroup var options: CacheOptions

  func run() throws {
    if everywhere.coordinator != nil { return try everywhere.change(path, "DELETE", options) }
    try options.change("POST", "unpin", [("path", path)])
  }
}

/// Where a path is pinned: on one worker, or on all of a coordinator's.
struct PinPlaceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The web port of a coordinator, all of whose workers are meant.", valueName: "host:port"))
  var coordinator: String?

  /// Lists what is pinned on every worker, or changes it.
  func change(_ path: String?, _ method: String, _ options: CacheOptions) throws {
    var asked = CoordinatorOptions()
    asked.coordinator = coordinator
    asked.options = options.worker.options
    guard let path else {
      let (text, value) = try asked.answerText("GET", "/api/v1/pins", [])
      if options.json { return try options.print(text) }
      for rule in value["rules"]?.elements ?? [] {
        try options.print("alluxioPath=\(rule["path"]?.text ?? "?")")
      }
      return
    }
    let (text, value) = try asked.answerText(method, "/api/v1/pins", [("path", .text(path))])
    try options.print(options.json ? text : value["message"]?.text ?? text)
  }
}
