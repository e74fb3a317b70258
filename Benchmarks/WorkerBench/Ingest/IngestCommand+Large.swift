// One large object: over plain HTTP into memory and onto a disk, over TLS, and from a local file.

import BenchSupport
import DaemonDriver
import FaultProxy
import Glibc

extension IngestCommand {
  /// From S3 into memory, beside clients that write to a file in memory.
  func memory(_ data: IngestData) throws -> [IngestSection] {
    let origin = try plainOrigin(data)
    let fresh = try freshMemory(origin, data)
    let worker = try memoryWorker(origin.port)
    let clients = clients(origin.port, data)
    _ = try worker.load("s3://bench/object")
    try worker.verify("/bench/object", against: data.object)
    let (threads, rss) = (worker.status("Threads"), worker.status("VmRSS"))
    let rivals = clients.all(into: data.target).map { rival in
      Contestant(name: "\(rival.name) to tmpfs", run: rival.run)
    }
    let contest = try IngestContest(
      "One object of \(sizeText(data.size)) over plain HTTP into memory", rounds: rounds,
      [Contestant(name: "penstock, pages in memory") { try worker.load("s3://bench/object") }]
        + [clients.curlToNothing()] + rivals, note: note)
    var section = IngestSection(contest)
    let others = 2..<2 + rivals.count
    section.targets = [
      IngestTarget(
        what: "rate ÷ the best tool's",
        value: contest.ratioToBest(\.mibPerSecond, isRate: true, of: others), bound: 1.5),
      IngestTarget(
        what: "CPU per GiB ÷ the most frugal tool's",
        value: contest.ratioToBest(\.cpuSecondsPerGiB, isRate: false, of: others), bound: 0.5,
        isAtLeast: false),
      IngestTarget(
        what: "CPU per GiB ÷ curl's to nothing",
        value: contest.ratio(\.cpuSecondsPerGiB, to: 1), bound: 1.1, isAtLeast: false),
    ]
    section.notes = [
      "the worker had \(threads) threads and \(sizeText(rss << 10)) resident after the first load,"
        + " \(worker.status("Threads")) and \(sizeText(worker.status("VmRSS") << 10)) after the last"
    ]
    return [section, fresh]
  }

  /// The first load of a worker's life, with memory made resident ahead of it and without.
  private func freshMemory(_ origin: NginxOrigin, _ data: IngestData) throws -> IngestSection {
    func first(_ settings: [String]) throws -> IngestSample {
      let worker = try IngestWorker(
        daemon, mount: mount(origin.port), settings: memorySettings + settings)
      return try worker.load("s3://bench/object")
    }
    return IngestSection(
      try IngestContest(
        "The first load of a worker's life", rounds: min(rounds, 3),
        [
          Contestant(name: "penstock, memory made resident in the background before") {
            try first([])
          },
          Contestant(name: "penstock, memory never touched before") {
            try first(["-Dpenstock.worker.page.store.memory.reserve=0"])
          },
        ], note: note))
  }

  /// From S3 onto the SSD tier, beside clients that write to the same disk, and fio.
  func ssd(_ data: IngestData) throws -> IngestSection {
    let origin = try plainOrigin(data)
    let scratch = try ScratchDirectory("ingest", in: directory)
    let volume = scratch.path("volume")
    try makeDirectories(volume)
    let worker = try IngestWorker(
      daemon, mount: mount(origin.port),
      settings: [
        "-Dalluxio.worker.ramdisk.size=\(512 << 20)", "-Dalluxio.worker.tieredstore.levels=2",
        "-Dalluxio.worker.tieredstore.level1.alias=SSD",
        "-Dalluxio.worker.tieredstore.level1.dirs.path=\(volume)",
        "-Dalluxio.worker.tieredstore.level1.dirs.quota=\(data.size + data.size / 2)",
      ] + definitions)
    _ = try worker.load("s3://bench/object", untilSaved: true)
    try worker.verify("/bench/object", against: data.object)
    let clients = clients(origin.port, data)
    let rivals = clients.all(into: scratch.path).map { rival in
      Contestant(name: "\(rival.name) (page cache)", run: rival.run)
    }
    let contest = try IngestContest(
      "One object of \(sizeText(data.size)) over plain HTTP onto the disk", rounds: rounds,
      [
        Contestant(name: "penstock, every page on the SSD tier (O_DIRECT)") {
          try worker.load("s3://bench/object", untilSaved: true)
        },
        Contestant(name: "fio, sequential write, O_DIRECT, 1 MiB × 16") {
          try Fio.run("write", scratch.path("fio"), data.size)
        },
        clients.curlToNothing(),
      ] + rivals, note: note)
    var section = IngestSection(contest)
    // Nobody is faster than the origin or the disk, whichever is slower.
    section.targets = [
      IngestTarget(
        what: "rate ÷ fio's, or the origin's if that is lower",
        value: max(contest.ratio(\.mibPerSecond, to: 1), contest.ratio(\.mibPerSecond, to: 2)),
        bound: 0.9),
      IngestTarget(
        what: "CPU per GiB ÷ the most frugal tool's",
        value: contest.ratioToBest(
          \.cpuSecondsPerGiB, isRate: false, of: 3..<3 + rivals.count), bound: 0.6,
        isAtLeast: false),
    ]
    return section
  }

  /// From S3 over TLS into memory, beside curl.
  func tls(_ data: IngestData) throws -> IngestSection {
    let certificates = try TestCertificates()
    var options = originOptions
    options.certificate = certificates.server
    let origin = try NginxOrigin(folder: data.root, options: options)
    let authority = certificates.authority.certificate
    let worker = try IngestWorker(
      daemon,
      mount: mount(origin.port, scheme: "https")
        + ",penstock.underfs.s3.tls.ca.file=\(authority)", settings: memorySettings)
    _ = try worker.load("s3://bench/object")
    try worker.verify("/bench/object", against: data.object)
    let contest = try IngestContest(
      "One object of \(sizeText(data.size)) over TLS into memory", rounds: rounds,
      [
        Contestant(name: "penstock, pages in memory") { try worker.load("s3://bench/object") },
        clients(origin.port, data).curlToNothing(["--cacert", authority], scheme: "https"),
      ], note: note)
    var section = IngestSection(contest)
    section.targets = [
      IngestTarget(
        what: "rate ÷ curl's to nothing", value: contest.ratio(\.mibPerSecond, to: 1), bound: 0.9),
      IngestTarget(
        what: "CPU per GiB ÷ curl's to nothing",
        value: contest.ratio(\.cpuSecondsPerGiB, to: 1), bound: 1, isAtLeast: false),
    ]
    return section
  }

  /// From a file on the disk into memory, beside fio.
  func local() throws -> IngestSection {
    let scratch = try ScratchDirectory("ingest", in: directory)
    let folder = scratch.path("data")
    try makeDirectories(folder)
    try IngestData.writeNoise(size.bytes, to: "\(folder)/object", seed: 2)
    let worker = try IngestWorker(
      daemon, mount: "/bench=file://\(folder),direct=auto", settings: memorySettings)
    let path = "file://\(folder)/object"
    _ = try worker.load(path)
    try worker.verify("/bench/object", against: "\(folder)/object")
    let contest = try IngestContest(
      "A file of \(sizeText(size.bytes)) on the local disk into memory", rounds: rounds,
      [
        Contestant(name: "penstock, pages in memory") {
          dropCachedPages("\(folder)/object")
          return try worker.load(path)
        },
        Contestant(name: "fio, sequential read, O_DIRECT, 1 MiB × 16") {
          try Fio.run("read", "\(folder)/object", size.bytes)
        },
      ], note: note)
    var section = IngestSection(contest)
    section.targets = [
      IngestTarget(
        what: "rate ÷ fio's", value: contest.ratio(\.mibPerSecond, to: 1), bound: 0.95)
    ]
    return section
  }

  private func dropCachedPages(_ path: String) {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
    close(file)
  }
}
