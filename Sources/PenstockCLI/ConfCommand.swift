// `penstock conf`: the configuration as the daemon would see it.

import ArgumentParser
import Model

/// The group of commands about the configuration.
struct ConfCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conf", abstract: "Shows the effective configuration.",
    subcommands: [ConfListCommand.self, ConfGetCommand.self, ConfDocsCommand.self])
}

/// `penstock conf list`: every key with its value.
struct ConfListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Prints every key and its effective value.",
    discussion: "A key without a value reads `key=`; secrets read ******.")

  @Flag(help: "Also prints where each value came from.")
  var source = false

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let configuration = try options.load()
    var lines = configuration.allSettings.map { line($0.name, $0.shown, "\($0.source)") }
    for key in ConfigurationRegistry.standard.keys
    where !key.isTemplate && configuration.setting(key.name) == nil {
      lines.append(line(key.name, "", "unset"))
    }
    guard Terminal.output(lines.sorted().joined(separator: "\n")) else {
      throw ExitCode(ExitStatus.failure)
    }
  }

  private func line(_ name: String, _ text: String, _ origin: String) -> String {
    source ? "\(name)=\(text)  (\(origin))" : "\(name)=\(text)"
  }
}

/// `penstock conf get KEY`: one value.
struct ConfGetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Prints the effective value of one key.",
    discussion: "The key may be spelled in any of its ways. An unset key prints an empty line.")

  @Argument(help: "The key, such as alluxio.worker.rpc.port.")
  var key: String

  @Flag(help: "Also prints where the value came from.")
  var source = false

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let registry = ConfigurationRegistry.standard
    guard registry.match(key) != nil else {
      let hint = registry.nearest(to: key).map { "; did you mean \($0)?" } ?? ""
      Terminal.error("error: unknown key \(key)\(hint)")
      throw ExitCode(ExitStatus.failure)
    }
    let setting = try options.load().setting(key)
    let origin = source ? "  (\(setting.map { "\($0.source)" } ?? "unset"))" : ""
    guard Terminal.output((setting?.shown ?? "") + origin) else {
      throw ExitCode(ExitStatus.failure)
    }
  }
}

/// `penstock conf docs`: the text of `docs/configuration.md`.
struct ConfDocsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "docs", abstract: "Prints the reference page of all keys.", shouldDisplay: false)

  func run() throws {
    // The page ends in a line feed, and so does a line.
    guard Terminal.output(String(ConfigurationDocument.markdown().dropLast())) else {
      throw ExitCode(ExitStatus.failure)
    }
  }
}
