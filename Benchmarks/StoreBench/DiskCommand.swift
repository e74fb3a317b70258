// `store-bench disk DIR`: a disk volume on one ring beside fio on the same disk, by turns, medians and ratios.
//
// Pages have 1 MiB. fio reads the volume's own file, so that both ask for the same blocks, and writes a file of its own of
// the same size. First each writes everything once; the writes that count are of the second time on.

import ArgumentParser
import BenchSupport
import DaemonDriver
import Glibc
import Model
import PageStore
import Ring

struct DiskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disk", abstract: "Measures a disk volume beside fio on the same disk.")

  @Argument(help: "An empty directory on the disk.") var directory: String
  @Option(help: "Size of the volume.") var size = ByteSize(bytes: 4 << 30)
  @Option(help: "Times that each measurement is made.") var rounds = 5
  @Option(help: "Seconds of each.") var seconds = 3.0
  @Flag(help: "Leave fio out.") var alone = false

  func run() throws {
    let bench = try DiskBench(directory: directory, size: size.bytes)
    defer { bench.close() }
    print("\(bench.pageCount) pages of 1 MiB, \(bench.device)")
    let first = bench.write(depth: 16, seconds: .infinity)
    print("first writes: \(rate(first, 1 << 20))")
    let fio = Fio(directory: directory, size: bench.pageCount << 20, seconds: Int(seconds))
    if !alone { _ = try fio.run("write", 1 << 20, 16, file: "\(directory)/fio.bin", whole: true) }
    let pages = "\(directory)/penstock/pages"
    let own = "\(directory)/fio.bin"
    try compare("writes of pages, QD 16", 1 << 20) {
      bench.write(depth: 16, seconds: seconds)
    } fio: {
      try fio.run("write", 1 << 20, 16, file: own)
    }
    for depth in [16, 32] {
      try compare("reads of pages, QD \(depth), verified", 1 << 20) {
        bench.read(depth: depth, length: 1 << 20, verify: true, seconds: seconds)
      } fio: {
        try fio.run("read", 1 << 20, depth, file: pages)
      }
    }
    for verify in [true, false] {
      try compare("random reads of 4 KiB, QD 64, \(verify ? "verified" : "not verified")", 4096) {
        bench.read(depth: 64, length: 4096, verify: verify, seconds: seconds)
      } fio: {
        try fio.run("randread", 4096, 64, file: pages)
      }
    }
    let values = bench.statistics
    let written = Double(values.bytesWritten) / Double(max(1, bench.bytesGiven))
    print("bytes written for each byte of pages: \(fixed(written, 4)); corrupt: \(values.corrupt)")
  }

  /// Runs both by turns and prints medians and their ratio.
  private func compare(
    _ title: String, _ unit: Int, ours: () -> DiskFigure, fio: () throws -> DiskFigure
  ) throws {
    var (own, other) = ([DiskFigure](), [DiskFigure]())
    for _ in 0..<rounds {
      own.append(ours())
      if !alone { other.append(try fio()) }
    }
    print("\(title): \(rate(middleFigure(own), unit))")
    guard !alone else { return }
    let ratio = middle(of: zip(own, other).map { $0.perSecond / $1.perSecond })
    print("  fio: \(rate(middleFigure(other), unit)); ratio \(fixed(ratio, 3))")
  }

  private func middleFigure(_ figures: [DiskFigure]) -> DiskFigure {
    DiskFigure(
      perSecond: middle(of: figures.map(\.perSecond)), cpu: middle(of: figures.map(\.cpu)))
  }

  private func rate(_ figure: DiskFigure, _ unit: Int) -> String {
    let text =
      unit < 1 << 20
      ? "\(fixed(figure.perSecond / 1000, 1)) k/s"
      : "\(fixed(figure.perSecond * Double(unit) / Double(1 << 20), 0)) MiB/s"
    return "\(text), \(fixed(figure.cpu * 100, 1)) % of a CPU"
  }
}

/// Operations a second, and CPU seconds a second.
struct DiskFigure {
  var perSecond: Double
  var cpu: Double
}
