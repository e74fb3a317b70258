// `penstock conf list`: everything at a glance.

import ArgumentParser
import Model

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
