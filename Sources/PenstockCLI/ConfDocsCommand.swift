// `penstock conf docs`: how docs/configuration.md is written.

import ArgumentParser
import Model

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
