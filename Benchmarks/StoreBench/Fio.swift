// fio as the reference of the disk bench.

import ArgumentParser
import DaemonDriver

/// Runs fio with io_uring and O_DIRECT.
struct Fio {
  let directory: String
  /// Bytes of the file that are used.
  let size: Int
  let seconds: Int

  /// One run; `whole` writes everything once instead of for a time.
  func run(
    _ kind: String, _ block: Int, _ depth: Int, file: String, whole: Bool = false
  ) throws -> DiskFigure {
    let isOwn = kind == "write"
    var command = [
      "fio", "--name=reference", "--filename=\(file)", "--rw=\(kind)", "--bs=\(block)",
      "--iodepth=\(depth)", "--ioengine=io_uring", "--direct=1", "--size=\(size)", "--minimal",
      "--offset=\(isOwn ? 0 : 65536)", "--randrepeat=0", "--norandommap",
    ]
    command += whole ? [] : ["--time_based", "--runtime=\(seconds)"]
    let run = try CommandRun(command, limit: .seconds(600))
    let fields = run.output.split(separator: ";", omittingEmptySubsequences: false)
    guard run.succeeded, fields.count > 88 else { throw ValidationError("fio: \(run.errors)") }
    let first = isOwn ? 46 : 5
    guard let rate = Double(fields[first + 1]),
      let user = Double(fields[87].dropLast()), let system = Double(fields[88].dropLast())
    else { throw ValidationError("fio's line has other fields: \(run.output)") }
    return DiskFigure(perSecond: rate * 1024 / Double(block), cpu: (user + system) / 100)
  }
}
