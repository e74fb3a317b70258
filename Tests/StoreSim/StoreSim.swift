// `store-sim`: the page store's simulation for many seeds, or one; `scripts/sim` runs it on all cores.

import ArgumentParser
import Glibc
import SimSupport

/// Runs seeds one after the other.
@main
struct StoreSim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store-sim", abstract: "Simulates the page store, one seed after the other.")

  @Option(help: "First seed.")
  var start: UInt64 = 1

  @Option(help: "Number of seeds.")
  var seeds: UInt64 = 1

  @Option(help: "File that holds the seed under way, for when the process dies of it.")
  var progress: String?

  @Option(help: "Plant a bug: \(SimCanary.allCases.map(\.rawValue).joined(separator: ", ")).")
  var canary: SimCanary?

  @Flag(help: "Print every event.")
  var verbose = false

  func run() throws {
    var failed = 0
    var sums: [String: Int] = [:]
    for seed in start..<start + seeds {
      try note(seed)
      let report = StoreSimulation(
        seed: seed, canary: canary, onEvent: verbose ? { print($0) } : nil
      ).run()
      if verbose { print("HASH \(String(report.hash, radix: 16))") }
      for (name, count) in report.counts { sums[name, default: 0] += count }
      guard !report.failures.isEmpty else { continue }
      failed += 1
      print("FAILED \(seed)\n\(report.text)")
      // A later seed may end the process.
      fflush(nil)
    }
    for (name, count) in sums.sorted(by: { $0.key < $1.key }) { print("COUNT \(count) \(name)") }
    if failed > 0 { throw ExitCode(1) }
  }

  private func note(_ seed: UInt64) throws {
    guard let progress else { return }
    guard let file = fopen(progress, "w") else { throw ValidationError("cannot write \(progress)") }
    fputs("\(seed)\n", file)
    fclose(file)
  }
}

extension SimCanary: ExpressibleByArgument {}
