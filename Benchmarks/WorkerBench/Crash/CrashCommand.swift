// `worker-bench crash`: SIGKILL at random instants, and what the next worker makes of the disks.

import ArgumentParser
import BenchSupport
import DaemonDriver
import Glibc

struct CrashCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crash",
    abstract: "Kills a worker at random instants under load and verifies what is served after.",
    discussion: """
      Files of 1 KiB to 8 MiB are read, loaded, dropped and rewritten through a worker with memory, an \
      SSD volume and an HDD volume that hold less than the files. Every byte is compared. The status is \
      1 when a byte is wrong, a tier uses more than its quota, a start takes too long, a request fails \
      or nothing survives. The seed fixes files, instants and requests, not what the machine makes of \
      them. A kill is no power failure: the kernel keeps what was written.
      """)

  @Option(help: "The daemon's executable.")
  var daemon: String
  @Option(help: "Kills.")
  var rounds = 200
  @Option(help: "Seed of everything that is random.")
  var seed: UInt64 = 1
  @Option(help: "Files; the tiers are as large as fits their number.")
  var files = 150
  @Option(help: "Folder for the files and volumes, on a disk; without it TMPDIR.")
  var folder: String?
  @Option(help: "Seconds from execution to ready that are too many.")
  var readyLimit = 2.0
  @Flag(help: "Print a line for each kill to standard error.")
  var verbose = false
  @Flag(help: "Write Benchmarks/Results/<date>-crash.md.")
  var record = false

  func run() throws {
    let machine = record ? Machine() : nil
    let start = ContinuousClock.now
    var bench = try CrashBench(
      daemon: daemon, folder: folder, seed: seed, fileCount: files, readyLimit: readyLimit)
    var count = 0
    bench.run(rounds: rounds) { round in
      count += 1
      if verbose || !round.problems.isEmpty { note("\(count) of \(rounds): \(round.line)") }
    }
    let report = bench.report
    print(report.table)
    report.problems.forEach { print("FAILED: \($0)") }
    if let machine {
      let tiers = CrashWorker.quotas(fileCount: files).map { "\(sizeText($0.bytes)) \($0.tier)" }
        .joined(separator: ", ")
      let text = """
        - machine: \(machine.processor), \(machine.cpuCount) CPUs, \(machine.memory)
        - kernel: \(machine.kernel)
        - commit: \(machine.commit)
        - running beside it: \(machine.company)
        - command: `scripts/bench crash --rounds \(rounds) --seed \(seed)`, \
        \(fixed(seconds(ContinuousClock.now - start), 0)) s
        - set-up: \(sizeText(bench.size)) in files of 1 KiB to 8 MiB; \(tiers); \
        pages of 256 KiB; policy and verify (always, first-touch) drawn at each start; 4 connections \
        read, 1 rewrites files, loads and drops; up to 3 files change between kill and start; after \
        each start a range of every file is read: that is the hit ratio

        \(report.table)
        """
      note("recorded in \(try recordResult("crash", title: "Kill -9", text))")
    }
    if !report.problems.isEmpty { throw ExitCode.failure }
  }

  private func note(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
  }
}
