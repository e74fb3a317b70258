// `worker-bench trace`: writes the traces that the repository ships, or others like them.

import BenchSupport
import ArgumentParser
import DaemonDriver

struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Writes a trace of reads made from a seed.",
    subcommands: [Zipf.self, Epochs.self])

  struct Zipf: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Random ranges of files whose popularity follows Zipf's law.")

    @Option(help: "Requests.") var requests = 8500
    @Option(help: "Files.") var files = 800
    @Option(help: "A file's share falls with its rank to the power of this.") var exponent = 0.9
    @Option(help: "Same seed, same trace.") var seed: UInt64 = 1
    @Argument(help: "The file to write.") var output: String

    func validate() throws {
      guard requests > 0, files > 0, exponent >= 0, exponent.isFinite else {
        throw ValidationError("requests and files are positive, and the exponent is not negative")
      }
    }

    func run() throws {
      let trace = GeneratedTrace.zipf(
        requestCount: requests, fileCount: files, exponent: exponent, seed: seed)
      try write(trace, to: output)
    }
  }

  struct Epochs: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Training epochs: every file once in each, in another order.")

    @Option(help: "Epochs.") var epochs = 8
    @Option(help: "Files of 1 to 4 MiB.") var files = 330
    @Option(help: "Same seed, same trace.") var seed: UInt64 = 1
    @Argument(help: "The file to write.") var output: String

    func validate() throws {
      guard epochs > 0, files > 0 else {
        throw ValidationError("epochs and files are positive")
      }
    }

    func run() throws {
      try write(
        GeneratedTrace.epochs(epochCount: epochs, fileCount: files, seed: seed), to: output)
    }
  }
}

private func write(_ trace: Trace, to path: String) throws {
  try writeBytes(Array(trace.csv.utf8), to: path)
  print(
    "\(path): \(trace.requests.count) requests for \(sizeText(trace.byteCount)) of"
      + " \(trace.files.count) files")
}
