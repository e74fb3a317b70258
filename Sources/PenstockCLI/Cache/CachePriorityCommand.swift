// `penstock cache priority`: which data leaves before other data.

import ArgumentParser
import Model
import WorkerDaemon

/// `penstock cache priority`: rules of priority.
struct CachePriorityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "priority", abstract: "Rules which data leaves the cache before other data.",
    discussion: """
      high, medium (what no rule speaks of) or low. Lower priority always leaves first; a page of a \
      lower priority than everything cached is not admitted to a full cache. Of nested paths the most \
      specific rule holds.
      """,
    subcommands: [Add.self, Update.self, Remove.self, List.self])

  /// The option of a priority.
  struct PriorityOption: ParsableArguments {
    @Option(help: "high, medium or low.")
    var priority: String
  }

  /// `penstock cache priority add`.
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Adds a rule.")
    @OptionGroup var rule: RulePathOption
    @OptionGroup var value: PriorityOption
    @OptionGroup var options: CacheOptions

    func run() throws {
      try options.change("POST", "priority", [("path", rule.path), ("priority", value.priority)])
    }
  }

  /// `penstock cache priority update`.
  struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Changes a rule.")
    @OptionGroup var rule: RulePathOption
    @OptionGroup var value: PriorityOption
    @OptionGroup var options: CacheOptions

    func run() throws {
      try options.change("PUT", "priority", [("path", rule.path), ("priority", value.priority)])
    }
  }

  /// `penstock cache priority remove`.
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Removes a rule.")
    @OptionGroup var rule: RulePathOption
    @OptionGroup var options: CacheOptions

    func run() throws { try options.change("DELETE", "priority", [("path", rule.path)]) }
  }

  /// `penstock cache priority list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the rules.")
    @OptionGroup var options: CacheOptions

    func run() throws {
      try options.list("priority") { " priority=\($0["priority"]?.text ?? "?")" }
    }
  }
}
