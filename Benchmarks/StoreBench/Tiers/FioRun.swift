// fio on the same disk, with io_uring and O_DIRECT.

import DaemonDriver

/// What fio does in one run.
struct FioRun {
  /// A pattern of I/O, as fio calls it.
  enum Pattern: String {
    case randread
    case write
  }

  let pattern: Pattern
  /// Bytes of each I/O, and how many are in flight.
  let blockSize: Int
  let depth: Int
  /// The file, and how many of its bytes are used.
  let path: String
  let size: Int

  /// Why there is no figure.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Reads for `seconds`, or writes the whole file once.
  func run(seconds: Int) throws -> TierSample {
    var command = [
      "fio", "--name=bench", "--filename=\(path)", "--size=\(size)", "--rw=\(pattern.rawValue)",
      "--bs=\(blockSize)", "--iodepth=\(depth)", "--ioengine=io_uring", "--direct=1",
      "--output-format=terse", "--terse-version=3", "--overwrite=1", "--invalidate=0",
    ]
    if pattern == .randread {
      command += ["--time_based", "--runtime=\(seconds)", "--norandommap", "--readonly"]
    }
    let before = CPUTime.children
    let run = try CommandRun(command, limit: .seconds(300))
    guard run.succeeded else { throw Failure(description: "fio: \(run.errors.suffix(300))") }
    return try parse(run.output, cpuSeconds: CPUTime.children - before)
  }

  /// The sample of fio's terse line: KiB in total, KiB/s and operations/s are fields 6 to 8 for reads, 47 to 49 for writes;
  /// milliseconds are fields 9 and 50.
  func parse(_ output: String, cpuSeconds: Double) throws -> TierSample {
    let line = output.split(separator: "\n").last { $0.hasPrefix("3;") }
    let fields = (line ?? "").split(separator: ";", omittingEmptySubsequences: false)
    let first = pattern == .write ? 46 : 5
    guard fields.count > first + 3, let kib = Int(fields[first]),
      let milliseconds = Double(fields[first + 3]), kib > 0, milliseconds > 0
    else { throw Failure(description: "fio said nothing that can be read: \(output.suffix(300))") }
    return TierSample(
      bytes: kib << 10, operations: (kib << 10) / blockSize, seconds: milliseconds / 1000,
      cpuSeconds: cpuSeconds)
  }
}
