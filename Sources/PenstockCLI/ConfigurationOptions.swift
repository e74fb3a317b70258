// Where a command takes its configuration from.

import ArgumentParser
import Model
import WorkerDaemon

/// The options that every command with a configuration has.
struct ConfigurationOptions: ParsableArguments {
  @Option(help: "The directory of the site properties file.")
  var conf: String?

  @Option(
    name: .customShort("D"),
    help: ArgumentHelp("Sets a key; beats the environment and the file.", valueName: "key=value"))
  var definitions: [String] = []

  /// The effective configuration; tells warnings and problems on standard error.
  ///
  /// - Returns: the configuration.
  /// - Throws: exit code 78 when the configuration is refused.
  func load() throws -> Configuration {
    do {
      let loader = ConfigurationLoader(confDirectory: conf, definitions: definitions)
      let loaded = try loader.load()
      for warning in loaded.warnings { Terminal.error("warning: \(warning)") }
      return loaded.configuration
    } catch {
      for problem in error.problems { Terminal.error("error: \(problem)") }
      throw ExitCode(ExitStatus.badConfiguration)
    }
  }
}
