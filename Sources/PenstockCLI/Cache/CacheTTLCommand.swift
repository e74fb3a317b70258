// `penstock cache ttl`: how long data stays cached after it was loaded.

import ArgumentParser
import Model
import WorkerDaemon

/// `penstock cache ttl`: rules of time to live.
struct CacheTTLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ttl", abstract: "Rules how long data stays cached after it was loaded.",
    discussion: """
      Needs alluxio.ttl.policy.enabled=true. Of nested paths the most specific rule holds. Data over \
      its time is never served; its space is freed at the latest after \
      alluxio.ttl.eviction.check.interval.
      """,
    subcommands: [Add.self, Update.self, Remove.self, List.self])

  /// The option of a time.
  struct TimeOption: ParsableArguments {
    @Option(help: "How long, such as 30min, 1h or 7d; a number without a unit is milliseconds.")
    var time: String
  }

  /// `penstock cache ttl add`.
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Adds a rule.")
    @OptionGroup var rule: RulePathOption
    @OptionGroup var value: TimeOption
    @OptionGroup var options: CacheOptions

    func run() throws {
      try options.change("POST", "ttl", [("path", rule.path), ("time", value.time)])
    }
  }

  /// `penstock cache ttl update`.
  struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Changes a rule.")
    @OptionGroup var rule: RulePathOption
    @OptionGroup var value: TimeOption
    @OptionGroup var options: CacheOptions

    func run() throws {
      try options.change("PUT", "ttl", [("path", rule.path), ("time", value.time)])
    }
  }

  /// `penstock cache ttl remove`.
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Removes a rule.")
    @OptionGroup var rule: RulePathOption
    @OptionGroup var options: CacheOptions

    func run() throws { try options.change("DELETE", "ttl", [("path", rule.path)]) }
  }

  /// `penstock cache ttl list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the rules.")
    @OptionGroup var options: CacheOptions

    func run() throws { try options.list("ttl") { " time=\($0["time"]?.text ?? "?")" } }
  }
}
