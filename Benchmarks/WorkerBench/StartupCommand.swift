// `worker-bench startup`: how soon a worker is ready, and what it weighs before it holds anything.

import BenchSupport
import ArgumentParser
import DaemonDriver
import Glibc

struct StartupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "startup", abstract: "Measures the time from exec to ready, and memory at rest.")

  @Option(help: "The daemon's executable.")
  var daemon: String
  @Option(help: "Starts.")
  var rounds = 11

  func run() throws {
    let data = try ScratchDirectory("startup")
    var milliseconds: [Double] = []
    var resident: [Double] = []
    var arena: [Double] = []
    for _ in 0..<rounds {
      let ports = try DaemonPorts.free()
      let start = ContinuousClock.now
      let worker = try DaemonProcess(
        daemon, ports: ports,
        options: [
          "--mount", "/bench=file://\(data.path)", "-Dalluxio.worker.page.store.type=MEM",
          "-Dalluxio.worker.page.store.sizes=1GiB",
        ], pollsBusily: true)
      milliseconds.append(seconds(ContinuousClock.now - start) * 1000)
      // Shared memory is the arena's: what is in use of it at rest is not overhead.
      let shared = ProcessFacts.kibibytes("RssShmem", of: worker.process.pid)
      let all = ProcessFacts.kibibytes("VmRSS", of: worker.process.pid)
      resident.append(Double(all - shared) / 1024)
      arena.append(Double(shared) / 1024)
      guard worker.process.stop() == .code(0) else {
        throw DriverError.program("the daemon did not stop cleanly: \(worker.logText)")
      }
    }
    print(
      "ready after, ms: median \(fixed(middle(of: milliseconds), 1)), all \(list(milliseconds))")
    print(
      "at rest, MiB above the arena in use: median \(fixed(middle(of: resident), 1)),"
        + " all \(list(resident))")
    print("arena in use at rest, MiB: \(list(arena))")
  }

  private func list(_ values: [Double]) -> String {
    values.map { fixed($0, 1) }.joined(separator: " ")
  }
}
