// Many things: small objects, keys, and reads in flight at a store that is far away.

import BenchSupport
import DaemonDriver
import FaultProxy
import Glibc

extension IngestCommand {
  /// Small objects from S3 into memory, listed and loaded, beside s5cmd.
  func small(_ data: IngestData) throws -> [IngestSection] {
    let contents = [
      try data.addSmall("tiny/", count: smallCount, size: 4 << 10),
      try data.addSmall("small/", count: smallCount / 5, size: 100 << 10),
    ]
    let listing = try ListingOrigin(contents)
    var options = originOptions
    options.listingPort = listing.port
    let origin = try NginxOrigin(folder: data.root, options: options)
    let worker = try memoryWorker(origin.port)
    let clients = clients(origin.port, data)
    return try contents.map { content in
      let path = "s3://bench/\(content.folder)"
      _ = try worker.load(path, items: content.count)
      for index in [0, content.count / 2, content.count - 1] {
        let key = ListingOrigin.key(index, of: content)
        try worker.verify("/bench/\(key)", against: "\(data.root)/bench/\(key)")
      }
      let contest = try IngestContest(
        "\(content.count) objects of \(sizeText(content.size)) into memory", rounds: rounds,
        [
          Contestant(name: "penstock, listed and loaded") {
            let sample = try worker.load(path, items: content.count)
            guard sample.bytes == content.count * content.size else {
              throw DriverError.program("\(sample.bytes) bytes of \(path) were loaded")
            }
            return sample
          }
        ] + clients.folders(content, into: data.target), note: note)
      var section = IngestSection(contest)
      section.targets = [
        content.size < 64 << 10
          ? IngestTarget(
            what: "objects/s", value: contest.median(\.itemsPerSecond, 0), bound: 10_000)
          : IngestTarget(what: "MiB/s", value: contest.median(\.mibPerSecond, 0), bound: 1024)
      ]
      return section
    }
  }

  /// Keys of one prefix, listed by ufs-io-bench, beside s5cmd.
  func list() throws -> IngestSection {
    guard let ioBench else {
      return IngestSection("Listing", notes: ["not measured: there is no ufs-io-bench"])
    }
    let content = ListingOrigin.Content(folder: "many/", count: keyCount, size: 4096, tag: "0abc")
    let listing = try ListingOrigin([content])
    var lines: [String] = []
    let clients = IngestClients(
      authority: "127.0.0.1:\(listing.port)", key: "", size: 0, programs: programs, script: script)
    let contest = try IngestContest(
      "Listing \(keyCount) keys of one prefix", rounds: rounds,
      [
        Contestant(name: "ufs-io-bench --mode list") {
          let cpu = IngestSample.childSeconds
          let run = try CommandRun(
            [ioBench, "--mode", "list", "--path", "s3://bench/many"]
              + mountOptions(listing.port).flatMap { ["--conf", $0] }, limit: .seconds(600))
          guard run.succeeded else { throw DriverError.program("ufs-io-bench: \(run.errors)") }
          guard run.errors.contains(" \(keyCount) files") else {
            throw DriverError.program("the count is wrong: \(run.errors)")
          }
          lines += run.errors.split(separator: "\n").map(String.init)
          return IngestSample(
            bytes: 0, items: keyCount, seconds: Self.seconds(in: run.errors),
            cpuSeconds: IngestSample.childSeconds - cpu)
        }
      ] + clients.listing(content), note: note)
    var section = IngestSection(contest)
    section.targets = [
      IngestTarget(what: "keys/s", value: contest.median(\.itemsPerSecond, 0), bound: 50_000)
    ]
    section.notes = lines
    return section
  }

  /// The seconds that the line of ufs-io-bench tells: ` in 1.234 s,`.
  private static func seconds(in text: String) -> Double {
    guard let found = text.firstRange(of: " bytes in ") else { return .nan }
    return Double(text[found.upperBound...].prefix { $0 != " " }) ?? .nan
  }

  /// Reads in flight at a store that answers each of them late.
  func reads() throws -> IngestSection {
    let content = ListingOrigin.Content(
      folder: "far/", count: smallCount, size: 4 << 10, tag: "0abcdef")
    let origin = try LatencyOrigin(content, latency: .milliseconds(latency))
    let bytes = 1 << 30
    let worker = try IngestWorker(
      daemon, mount: mount(origin.port),
      settings: [
        "-Dalluxio.worker.page.store.type=MEM", "-Dalluxio.worker.page.store.sizes=\(bytes)",
        "-Dalluxio.worker.job.load.executor.threads.max=\(inFlight)",
      ] + definitions)
    let overhead = try worker.overhead()
    let path = "s3://bench/\(content.folder)"
    _ = try worker.load(path, items: content.count)
    for index in [0, content.count / 2, content.count - 1] {
      try worker.verify(
        "/bench/\(ListingOrigin.key(index, of: content))",
        bytes: LatencyOrigin.bytes(index, of: content))
    }
    var (counters, watch) = (origin.takeCounters(), IngestWatch())
    let contest = try IngestContest(
      "\(content.count) objects of 4 KiB at a store with a latency of \(latency) ms",
      rounds: rounds,
      [
        Contestant(name: "penstock, \(inFlight) reads in flight") {
          let sample = try worker.load(path, items: content.count, watch: &watch)
          guard sample.bytes == content.count * content.size else {
            throw DriverError.program("\(sample.bytes) bytes of \(path) were loaded")
          }
          return sample
        }
      ], note: note)
    counters = origin.takeCounters()
    let ideal = Double(inFlight) * 1000 / Double(latency)
    var section = IngestSection(contest)
    section.targets = [
      IngestTarget(
        what: "reads/s ÷ the ideal \(fixed(ideal, 0))",
        value: contest.median(\.itemsPerSecond, 0) / ideal, bound: 0.9),
      IngestTarget(
        what: "threads more at most than at least",
        value: Double(watch.threads.upperBound - watch.threads.lowerBound), bound: 0,
        isAtLeast: false),
      IngestTarget(
        what: "MiB resident, pages and the overhead that the worker states allowed",
        value: Double(watch.residentMax) / 1024, bound: Double(bytes + overhead) / 1_048_576,
        isAtLeast: false),
    ]
    section.notes = [
      "\(watch.threads.upperBound) threads; at most \(counters.inFlightMax) reads waited at the store at once"
    ]
    return section
  }
}
