// `worker-bench dataset make` and `read`.

import BenchSupport
import ArgumentParser
import DaemonDriver
import Glibc

struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset", abstract: "Makes a sample dataset, or reads one through a worker.",
    subcommands: [Make.self, Read.self])

  struct Make: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Writes a sample dataset of many sizes and awkward names; does nothing if it is there.")

    @Argument(help: "The folder to write.")
    var directory: String
    @Option(help: "Bytes of all files together.")
    var size = ByteSize(bytes: 1 << 30)
    @Option(help: "Same seed, same bytes.")
    var seed: UInt64 = 1

    func run() throws {
      let plan = samplePlan(size: size.bytes, seed: seed)
      let missing = plan.filter { fileSize("\(directory)/\($0.path)") != $0.size }
      if missing.isEmpty {
        print("sample of \(sizeText(size.bytes)) is there already")
        return
      }
      var progress = ProgressBar(title: "write", total: size.bytes)
      for file in plan {
        try write(file)
        progress.add(file.size)
      }
      progress.finish("\(plan.count) files, \(sizeText(size.bytes))")
    }

    private func write(_ file: SampleFile) throws {
      let path = "\(directory)/\(file.path)"
      try makeDirectories(path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 })
      let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw DriverError.system(operation: "open", errno: errno) }
      defer { close(descriptor) }
      var generator = SampleGenerator(seed: file.seed)
      var page = [UInt64](repeating: 0, count: 1 << 15)
      var rest = file.size
      while rest > 0 {
        fill(&page, with: &generator)
        let wanted = min(rest, page.count * 8)
        let count = unsafe page.withUnsafeBytes {
          unsafe Glibc.write(descriptor, $0.baseAddress, wanted)
        }
        guard count == wanted else { throw DriverError.system(operation: "write", errno: errno) }
        rest -= wanted
      }
    }
  }

  struct Read: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads every file through the worker, compares SHA-256 sums, prints MiB/s.",
      discussion: """
        Files are asked for by their path in the mounts, over kept-alive connections, one per thread.
        A plain read is timed first and its bytes thrown away; then everything is read again and
        compared. With --cold there is one pass, compared as it comes, and the local files are \
        pushed out of the kernel's page cache before it.
        """)

    @Option(help: "The worker's object port.")
    var port: UInt16 = 29998
    @Option(help: "The worker's web port, for the hit ratio.")
    var webPort: UInt16 = 30000
    @Option(help: "Path of the data in the worker's mounts.")
    var prefix: String
    @Option(help: "The folder with the same files.")
    var data: String
    @Option(help: "Connections at a time.")
    var threads = 2
    @Flag(help: "One pass, from storage.")
    var cold = false

    func run() throws {
      let files = try regularFiles(below: data)
      let bytes = files.reduce(0) { $0 + $1.size }
      guard !files.isEmpty else { throw ValidationError("no files below \(data)") }
      if cold { for file in files { evictFromPageCache("\(data)/\(file.path)") } }
      let before = try CacheCounters(port: webPort)
      let (digests, elapsed) = try readAll(files, title: cold ? "cold" : "warm", verify: cold)
      let hits = try CacheCounters(port: webPort).hitRatio(since: before)
      let rate = fixed(Double(bytes) / Double(1 << 20) / seconds(elapsed), 0)
      print(
        "\(cold ? "cold" : "warm") read: \(files.count) files, \(sizeText(bytes)) in"
          + " \(fixed(seconds(elapsed), 2)) s, \(rate) MiB/s\(cold ? " with SHA-256" : ""),"
          + " hit ratio \(fixed(hits * 100, 1)) %")
      try compare(
        files, digests: cold ? digests : try readAll(files, title: "check", verify: true).0)
      print("verified: \(files.count) of \(files.count) SHA-256 sums are those of the local files")
    }

    private func readAll(
      _ files: [DatasetFile], title: String, verify: Bool
    ) throws -> (digests: [String], elapsed: Duration) {
      let reader = DatasetReader(port: port, prefix: prefix, files: files, verify: verify)
      var progress = ProgressBar(title: title, total: files.reduce(0) { $0 + $1.size })
      let start = ContinuousClock.now
      let running = Threads(count: threads) { _ in reader.work() }
      while running.areRunning(for: .milliseconds(100)) { progress.set(reader.byteCount) }
      let elapsed = ContinuousClock.now - start
      progress.finish(nil)
      try reader.checkFailure()
      return (reader.digests, elapsed)
    }

    private func compare(_ files: [DatasetFile], digests: [String]) throws {
      for (file, digest) in zip(files, digests)
      where try digestOfFile("\(data)/\(file.path)") != digest {
        throw DriverError.program("\(file.path): the bytes read are not those of the file")
      }
    }
  }
}
