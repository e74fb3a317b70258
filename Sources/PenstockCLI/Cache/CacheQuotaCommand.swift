// `penstock cache quota`: how much a directory may hold.

import ArgumentParser
import Model
import WorkerDaemon

/// `penstock cache quota`: rules of quota.
struct CacheQuotaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quota", abstract: "Rules how many bytes of a directory this worker caches.",
    discussion: """
      Needs alluxio.quota.enabled=true. A directory over its quota gives up its own oldest files; what \
      does not fit then is read past the cache. Nested quotas all hold. Quotas are this worker's own: a \
      limit over all workers needs the coordinator, which comes with a later version.
      """,
    subcommands: [Add.self, Update.self, Remove.self, List.self])

  /// The option of a size.
  struct SizeOption: ParsableArguments {
    @Option(help: "How much, such as 512MB or 10GB (powers of 1024).")
    var size: String
  }

  /// `penstock cache quota add`.
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Adds a rule.")
    @OptionGroup var rule: RulePathOption
    @OptionGroup var value: SizeOption
    @OptionGroup var options: CacheOptions

    func run() throws {
      try options.change("POST", "quota", [("path", rule.path), ("size", value.size)])
    }
  }

  /// `penstock cache quota update`.
  struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Changes a rule.")
    @OptionGroup var rule: RulePathOption
    @OptionGroup var value: SizeOption
    @OptionGroup var options: CacheOptions

    func run() throws {
      try options.change("PUT", "quota", [("path", rule.path), ("size", value.size)])
    }
  }

  /// `penstock cache quota remove`.
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Removes a rule.")
    @OptionGroup var rule: RulePathOption
    @OptionGroup var options: CacheOptions

    func run() throws { try options.change("DELETE", "quota", [("path", rule.path)]) }
  }

  /// `penstock cache quota list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the rules.")
    @OptionGroup var options: CacheOptions

    func run() throws {
      try options.list("quota") { " size=\(SizeText.print($0["bytes"]?.integer ?? 0))" }
    }
  }
}
