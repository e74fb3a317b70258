// fio over the whole of a file: what the disk can do.

import DaemonDriver

/// The disk's reference.
enum Fio {
  /// Reads or writes all of the file at `path` once, past the page cache; `pattern` is `read` or `write`.
  static func run(_ pattern: String, _ path: String, _ size: Int) throws -> IngestSample {
    let cpu = IngestSample.childSeconds
    let run = try CommandRun(
      [
        "fio", "--name=bench", "--filename=\(path)", "--size=\(size)", "--rw=\(pattern)", "--bs=1m",
        "--iodepth=16", "--ioengine=io_uring", "--direct=1", "--output-format=terse",
        "--terse-version=3", "--overwrite=1", "--invalidate=0",
      ], limit: .seconds(600))
    let line = run.output.split(separator: "\n").last { $0.hasPrefix("3;") }
    let fields = (line ?? "").split(separator: ";", omittingEmptySubsequences: false)
    // KiB and milliseconds are fields 6 and 9 for reads, 47 and 50 for writes.
    let first = pattern == "write" ? 46 : 5
    guard run.succeeded, fields.count > first + 3, let kib = Int(fields[first]),
      let milliseconds = Double(fields[first + 3]), kib > 0
    else { throw DriverError.program("fio: \(run.errors)\(run.output.suffix(300))") }
    return IngestSample(
      bytes: kib << 10, seconds: milliseconds / 1000, cpuSeconds: IngestSample.childSeconds - cpu)
  }
}
