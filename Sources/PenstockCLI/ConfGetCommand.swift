// `penstock conf get`: one value, for scripts.

import ArgumentParser
import Model

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
