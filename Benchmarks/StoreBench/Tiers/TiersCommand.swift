// `store-bench tiers`: the whole path of a page on disk beside fio on the same disk, in turns; `disk` measures the volume alone.
//
// A volume is filled with pages, and what is measured are the calls that the worker makes: look-up, lease, read,
// verification; fill, commit, write-behind. fio has a file of the same size beside it. Every read is compared with what was
// written. "ring" reads fio's file through one of our rings without a store.

import ArgumentParser
import BenchSupport
import DaemonDriver
import Glibc
import PageStore
import Ring

struct TiersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tiers", abstract: "Measures the store's way to disk and back beside fio.")

  @Option(help: "A directory on the disk to measure.") var directory: String
  @Option(help: "Bytes of the volume, and of fio's file.") var size = ByteSize(bytes: 4 << 30)
  @Option(help: "Rounds.") var rounds = 5
  @Option(help: "Seconds of each measured read.") var seconds = 4
  @Option(help: "Bytes of memory of the store.") var memory = ByteSize(bytes: 128 << 20)

  @Option(help: "Only tasks whose title has this in it.") var only = ""

  /// Why the bench ends without a result.
  private struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  func run() throws {
    let machine = Machine()
    let scratch = try ScratchDirectory("disk", in: directory)
    let reactor = try Reactor(index: 0, options: Reactor.Options())
    defer { reactor.stop() }
    let (fioFile, volumePath) = (scratch.path("fio"), scratch.path("volume"))
    try makeDirectories(volumePath)
    note("writing fio's file and filling the volume")
    _ = try fio(.write, 1 << 20, 16, fioFile).run(seconds: 0)
    var lines = ContestTable.header
    var pages = 0
    do {
      let volume = try open(volumePath, .off, reactor)
      defer { volume.close() }
      pages = volume.pageCount
      _ = volume.fill(0..<pages, whole: true)
    }
    for verification in PageStoreOptions.Verification.allCases {
      let volume = try open(volumePath, verification, reactor)
      defer { volume.close() }
      if verification == .firstTouch { volume.touchAll(pages) }
      for (block, depth) in [(1 << 20, 16), (1 << 20, 32), (4096, 64)] {
        let title = "\(sizeText(block)) reads, \(depth) in flight, verify=\(verification.rawValue)"
        guard only.isEmpty || title.contains(only) else { continue }
        lines += try reads(title, volume, pages, fioFile, block, depth, reactor).rows
        note("\(title): measured")
      }
    }
    if only.isEmpty || "writes".contains(only) {
      let volume = try open(volumePath, .always, reactor)
      defer { volume.close() }
      let (table, amplification) = try writes(volume, pages, fioFile)
      lines += table.rows
      lines += [
        "",
        "Bytes written to the disk for each byte of pages, log and checksums included: \(amplification).",
      ]
      note("writes: measured")
    }
    print((header(machine) + lines).joined(separator: "\n"))
  }

  private func open(
    _ path: String, _ verification: PageStoreOptions.Verification, _ reactor: Reactor
  ) throws -> BenchVolume {
    try BenchVolume(path, size: size.bytes, memory: memory.bytes, verification, reactor)
  }

  private func fio(
    _ pattern: FioRun.Pattern, _ block: Int, _ depth: Int, _ path: String
  ) -> FioRun {
    FioRun(pattern: pattern, blockSize: block, depth: depth, path: path, size: size.bytes)
  }

  private func reads(
    _ title: String, _ volume: BenchVolume, _ pages: Int, _ fioFile: String, _ block: Int,
    _ depth: Int, _ reactor: Reactor
  ) throws -> ContestTable {
    let load = ReadLoad(
      reactor: reactor, depth: depth, seconds: Double(seconds),
      bufferSize: max(block, volume.store.readBufferSize))
    let file = try RawFile(fioFile, size: size.bytes)
    return try ContestTable(
      title, rounds: rounds,
      [
        Contestant(name: "fio") { try fio(.randread, block, depth, fioFile).run(seconds: seconds) },
        Contestant(name: "ring") {
          try sample(load.run { await file.read(block, &$0, $1, on: reactor) })
        },
        Contestant(name: "store") {
          try sample(load.run { await volume.read(block, of: 0..<pages, &$0, $1) })
        },
      ])
  }

  private func sample(_ sample: TierSample?) throws -> TierSample {
    guard let sample, sample.bytes > 0 else { throw Failure(description: "a read was wrong") }
    return sample
  }

  /// Overwrites all of the volume once a round: new pages for the oldest, which leave.
  private func writes(
    _ volume: BenchVolume, _ pages: Int, _ fioFile: String
  ) throws -> (ContestTable, amplification: String) {
    var next = pages
    var (given, written) = (0, 0)
    let table = try ContestTable(
      "1.0 MiB writes of the whole volume, \(BenchVolume.saverCount) in flight", rounds: rounds,
      [
        Contestant(name: "fio") {
          try fio(.write, 1 << 20, BenchVolume.saverCount, fioFile).run(seconds: 0)
        },
        Contestant(name: "store") {
          let before = Figures.writtenBytes
          let sample = volume.fill(next..<next + pages, whole: false)
          next += pages
          given += sample.bytes
          written += Figures.writtenBytes - before
          return sample
        },
      ])
    return (table, fixed(Double(written) / Double(max(1, given)), 4))
  }

  private func header(_ machine: Machine) -> [String] {
    [
      "- machine: \(machine.processor), \(machine.cpuCount) CPUs, \(machine.memory)",
      "- kernel: \(machine.kernel)", "- commit: \(machine.commit)",
      "- running beside it: \(machine.company)",
      "- command: `store-bench tiers --size \(sizeText(size.bytes)) --rounds \(rounds) --seconds \(seconds)`",
      "- set-up: one ring; medians of \(rounds) rounds in turns; every read of the store compared",
      "",
    ]
  }

  private func note(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
  }
}
