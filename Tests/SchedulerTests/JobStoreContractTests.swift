// What every job store promises.

import DaemonDriver
import Glibc
import Model
import Rocks
import Synchronization
import Testing

@testable import Scheduler

/// A kind of store.
enum StoreKind: String, CaseIterable, Sendable {
  case memory, rocks

  /// An empty store, in a directory of its own.
  func make(_ directory: StoreDirectory) throws -> any JobStore {
    switch self {
    case .memory: MemoryJobStore()
    case .rocks: try RocksJobStore(path: directory.path)
    }
  }
}

/// A directory that goes with the test.
final class StoreDirectory: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/penstock-jobs-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw SchedulerError(.unavailable, "no directory") }
    path = String(cString: made)
  }

  deinit { Self.remove(path) }

  static func names(in path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  static func remove(_ path: String) {
    for name in names(in: path) { remove("\(path)/\(name)") }
    _ = Glibc.remove(path)
  }

  /// Copies every file of `source` as it is now: what a machine that stops leaves behind.
  static func copy(_ source: String, to target: String) throws {
    mkdir(target, 0o700)
    for name in names(in: source) where name != "LOCK" {
      let input = open("\(source)/\(name)", O_RDONLY)
      let output = open("\(target)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      defer {
        close(input)
        close(output)
      }
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = read(input, &buffer, buffer.count)
        guard count > 0 else { break }
        guard write(output, buffer, count) == count else {
          throw SchedulerError(.noSpace, "no copy")
        }
      }
    }
  }
}

@Suite struct JobStoreContractTests {
  private func id(_ number: UInt64) -> JobID {
    JobID.make(milliseconds: 1_700_000_000_000 + Int64(number), sequence: 0, random: number << 2)
  }

  private func record(_ number: UInt64, _ type: JobType = .load) -> JobRecord {
    JobRecord(
      id: id(number), JobSpecification(type, .paths(["s3://b/\(number)"])),
      submittedAt: 1_700_000_000_000 + Int64(number))
  }

  /// Writes one batch and waits until it is durable.
  private func commit(
    _ store: any JobStore, _ writes: [StoreWrite], number: UInt64 = 1, fence: UInt64 = 1
  ) async -> SchedulerError? {
    await withCheckedContinuation { continuation in
      store.commit(StoreBatch(number: number, fence: fence, writes: writes)) {
        continuation.resume(returning: $0)
      }
    }
  }

  private func recovered(_ store: any JobStore) throws -> [RecoveredJob] {
    var jobs: [RecoveredJob] = []
    try store.recover { jobs.append($0) }
    return jobs
  }

  @Test("a job is found by id, by each of its names and in lists", arguments: StoreKind.allCases)
  func finds(_ kind: StoreKind) async throws {
    let directory = try StoreDirectory()
    let store = try kind.make(directory)
    var job = record(1)
    job.specification.alias = "nightly"
    #expect(await commit(store, [.add(job)]) == nil)
    #expect(try store.record(of: job.id) == job)
    for name in job.specification.identities { #expect(try store.latest(name) == job.id) }
    #expect(try store.record(of: id(2)) == nil)
    #expect(try store.latest(.alias(.load, "other")) == nil)
    #expect(try store.list(JobQuery()).records == [job])
    store.close()
  }

  @Test("what has not ended comes back oldest first, with its work", arguments: StoreKind.allCases)
  func recovers(_ kind: StoreKind) async throws {
    let directory = try StoreDirectory()
    let store = try kind.make(directory)
    var (waiting, running, done) = (record(3), record(1), record(2))
    waiting.specification.options.priority = -5
    running.state = .running
    running.startedAt = 5
    done.state = .succeeded
    var checkpoint = JobCheckpoint()
    checkpoint.cursor = "here"
    checkpoint.nextResult = 2
    checkpoint.totals.ledger.add(loaded: FileCount(files: 3, bytes: 30))
    var page = ListedPage(
      files: [TaskFile(path: "s3://b/ä", version: "v", length: 9, modificationTime: 8)],
      leftOutCount: 2, next: "there")
    page.failed = [FailedFile(path: "s3://b/gone", length: 0, reason: "not found")]
    (page.repeatedCount, page.filteredCount) = (4, 5)
    (checkpoint.totals.repeatedPaths, checkpoint.totals.filteredFiles) = (6, 7)
    running.totals.filteredFiles = 8
    checkpoint.pages = [PlannedPage(number: 7, page)]
    let files = [FileDigest(of: "a"), FileDigest(of: "b")]
    let writes: [StoreWrite] = [
      .add(waiting), .add(running), .add(record(2)), .update(done),
      .checkpoint(running.id, checkpoint), .result(running.id, 0, files),
      .result(running.id, 1, []),
      .removeResults(running.id, [1]), .page(running.id, PlannedPage(number: 6, page)),
      .page(running.id, PlannedPage(number: 7, page)), .removePages(running.id, [6]),
    ]
    #expect(await commit(store, writes) == nil)
    #expect(
      try recovered(store) == [
        .active(running, checkpoint, [RecoveredJob.Result(number: 0, files: files)]),
        .active(waiting, nil, []),
      ])
    #expect(await commit(store, [.clearWork(running.id)], number: 2) == nil)
    #expect(try recovered(store).first == .active(running, nil, []))
    store.close()
  }

  @Test("lists are paged by a cursor, filtered, and go both ways", arguments: StoreKind.allCases)
  func lists(_ kind: StoreKind) async throws {
    let directory = try StoreDirectory()
    let store = try kind.make(directory)
    let jobs = (0..<25).map { record($0, $0 % 5 == 0 ? .free : .load) }
    #expect(await commit(store, jobs.map { .add($0) }) == nil)
    for isNewestFirst in [false, true] {
      var query = JobQuery(limit: 4)
      query.isNewestFirst = isNewestFirst
      query.type = .load
      var found: [JobRecord] = []
      repeat {
        let page = try store.list(query)
        #expect(page.records.count <= 4)
        found += page.records
        query.after = page.next
      } while query.after != nil
      let wanted = jobs.filter { $0.specification.type == .load }
      #expect(found == (isNewestFirst ? wanted.reversed() : wanted))
      query.after = wanted[3].id
      #expect(try store.count(query) == 20)
    }
    #expect(try store.count(JobQuery(limit: 1)) == 25)
    var query = JobQuery()
    query.state = .running
    #expect(try store.list(query) == JobPage())
    #expect(try store.count(query) == 0)
    store.close()
  }

  @Test("failed files are kept in order and read in parts", arguments: StoreKind.allCases)
  func failures(_ kind: StoreKind) async throws {
    let directory = try StoreDirectory()
    let store = try kind.make(directory)
    let files = (0..<10).map { FailedFile(path: "f\($0)", length: $0, reason: "gone") }
    let writes: [StoreWrite] = [
      .failures(id(1), first: 0, Array(files[..<6])),
      .failures(id(1), first: 6, Array(files[6...])),
      .failures(id(2), first: 0, [FailedFile(path: "x", length: 0, reason: "y")]),
    ]
    #expect(await commit(store, writes) == nil)
    #expect(try store.failures(of: id(1), from: 0, limit: 100) == files)
    #expect(try store.failures(of: id(1), from: 4, limit: 3) == Array(files[4..<7]))
    #expect(await commit(store, [.clearFailures(id(1))], number: 2) == nil)
    #expect(try store.failures(of: id(1), from: 0, limit: 100).isEmpty)
    #expect(try store.failures(of: id(2), from: 0, limit: 100).count == 1)
    store.close()
  }

  @Test(
    "ended jobs leave after their time with everything of theirs", arguments: StoreKind.allCases)
  func retention(_ kind: StoreKind) async throws {
    let directory = try StoreDirectory()
    let store = try kind.make(directory)
    var (old, young) = (record(1), record(2))
    old.state = .failed
    old.endedAt = 100
    young.state = .succeeded
    young.endedAt = 200
    let failed = FailedFile(path: "x", length: 0, reason: "y")
    let writes: [StoreWrite] = [
      .add(record(1)), .add(record(2)), .add(record(3)), .update(old), .update(young),
      .failures(old.id, first: 0, [failed]),
    ]
    #expect(await commit(store, writes) == nil)
    #expect(try store.removeEnded(before: 200, limit: 10) == [old])
    #expect(try store.list(JobQuery()).records.map(\.id) == [young.id, id(3)])
    #expect(try store.failures(of: old.id, from: 0, limit: 1).isEmpty)
    #expect(try store.latest(old.specification.identities[0]) == nil)
    #expect(try store.removeEnded(before: .max, limit: 10) == [young])
    store.close()
  }

  @Test("a damaged record fails its job by name, and nothing else", arguments: StoreKind.allCases)
  func damage(_ kind: StoreKind) async throws {
    let directory = try StoreDirectory()
    let store = try kind.make(directory)
    var table = MemoryTable()
    var bad = record(1).encoded
    bad[12] ^= 1
    table.apply(.put(key: StoreKey.record(id(1)), value: bad))
    table.apply(.put(key: StoreKey.active(id(1)), value: []))
    for change in StoreWrite.add(record(2)).changes { table.apply(change) }
    let jobs = try readAll(StoreReader(table))
    #expect(
      jobs == [
        .damaged(id(1), reason: "its bytes do not fit their checksum"),
        .active(record(2), nil, []),
      ])
    // The core makes a FAILED record of it, which the store takes.
    let core = SchedulerCore(
      limits: SchedulerLimits(), placement: RingPlacement(), epoch: 1,
      now: SchedulerTime(ticks: 0, date: 9))
    core.restoreDamaged(id(1), reason: "its bytes do not fit their checksum")
    for case .write(let batch) in core.takeEffects() {
      #expect(await commit(store, batch.writes) == nil)
    }
    #expect(try store.record(of: id(1))?.state == .failed)
    #expect(
      try store.record(of: id(1))?.failure
        == "The record of this job cannot be read: its bytes do not fit their checksum")
    store.close()
  }

  private func readAll(_ reader: StoreReader<MemoryTable>) throws -> [RecoveredJob] {
    var jobs: [RecoveredJob] = []
    try reader.recover { jobs.append($0) }
    return jobs
  }

  @Test("no bytes of a record make reading trap, whichever of them is wrong")
  func fuzz() {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    var job = record(1)
    job.failure = "why"
    job.specification.alias = "alias"
    job.totals.verification = JobLedger()
    let bytes = job.encoded
    for _ in 0..<20_000 {
      var broken = Array(bytes.prefix(random.below(bytes.count + 1)))
      for _ in 0..<random.below(4) where !broken.isEmpty {
        broken[random.below(broken.count)] = UInt8(truncatingIfNeeded: random.next())
      }
      // A right sum over wrong content is read as far as it goes.
      if broken.count > 9, random.below(2) == 0 {
        let content = Array(broken[9...])
        broken = SealedValue.seal { $0.raw(content) }
      }
      let record = JobRecord(id: job.id, decoding: broken)
      let isSame = broken == bytes
      #expect(!isSame || record == job, "SEED=\(seed)")
      _ = JobCheckpoint(decoding: broken)
      _ = FailedFile(decoding: broken)
      _ = FileDigest.decode(broken)
    }
  }
}

@Suite struct RocksJobStoreTests {
  private func record(_ number: UInt64) -> JobRecord {
    JobRecord(
      id: JobID.make(milliseconds: Int64(number), sequence: 0, random: 0),
      JobSpecification(.load, .paths(["s3://b/\(number)"])), submittedAt: Int64(number))
  }

  @Test("what was acknowledged is there after a stop at any moment, and no batch by halves")
  func crash() async throws {
    let directory = try StoreDirectory()
    let store = try RocksJobStore(path: directory.path)
    let acknowledged = Atomic<UInt64>(0)
    for round in 0..<8 as Range<UInt64> {
      for number in (round * 40 + 1)...(round * 40 + 40) {
        var other = record(number + 1_000_000)
        other.state = .running
        let batch = StoreBatch(
          number: number, fence: 1, writes: [.add(record(number)), .add(other)])
        store.commit(batch) { failure in
          if failure == nil { acknowledged.store(number, ordering: .sequentiallyConsistent) }
        }
      }
      // The machine stops here, with writes under way.
      let known = acknowledged.load(ordering: .sequentiallyConsistent)
      let copy = try StoreDirectory()
      let path = "\(copy.path)/db"
      try StoreDirectory.copy(directory.path, to: path)
      let after = try RocksJobStore(path: path)
      let ids = Set(try after.list(JobQuery(limit: .max)).records.map(\.id))
      for number in 1..<(known + 1) {
        #expect(ids.contains(record(number).id), "batch \(number) of \(known) is lost")
      }
      for number in 1...320 as ClosedRange<UInt64> {
        let halves = [number, number + 1_000_000].map { ids.contains(record($0).id) }
        #expect(halves[0] == halves[1], "half of batch \(number)")
      }
      after.close()
    }
    store.close()
  }

  @Test("a store that is in use, cannot be made, or is something else says so in one line")
  func refusals() async throws {
    let directory = try StoreDirectory()
    let store = try RocksJobStore(path: directory.path)
    expectRefusal(.locked) { try RocksJobStore(path: directory.path) }
    store.close()
    let file = "\(directory.path)/file"
    close(open(file, O_CREAT | O_WRONLY, 0o600))
    expectRefusal(.readOnly) { try RocksJobStore(path: "\(file)/db") }
    let other = try StoreDirectory()
    do {
      let table = try RocksTable(path: other.path)
      try table.write([.put(key: [1], value: [2])])
    }
    expectRefusal(.invalid) { try RocksJobStore(path: other.path) }
  }

  @Test("a store of the format before is read, and an older coordinator refuses it from then on")
  func older() throws {
    let directory = try StoreDirectory()
    try RocksTable(path: directory.path).write([
      .put(key: StoreKey.schema, value: [1, 0, 0, 0])
    ])
    try RocksJobStore(path: directory.path).close()
    let table = try RocksTable(path: directory.path)
    #expect(try table.value(of: StoreKey.schema) == [2, 0, 0, 0])
  }

  @Test("a store of a newer format is left alone")
  func newer() throws {
    let directory = try StoreDirectory()
    do {
      let table = try RocksTable(path: directory.path)
      try table.write([.put(key: StoreKey.schema, value: [3, 0, 0, 0])])
    }
    expectRefusal(.newer) { try RocksJobStore(path: directory.path) }
  }

  @Test("a database whose files are damaged is refused, and named")
  func corrupt() throws {
    let directory = try StoreDirectory()
    let store = try RocksJobStore(path: directory.path)
    store.close()
    let file = open("\(directory.path)/CURRENT", O_WRONLY | O_TRUNC)
    _ = write(file, "nonsense", 8)
    close(file)
    expectRefusal(.corrupt) { try RocksJobStore(path: directory.path) }
  }

  @Test(
    "a database whose log of writes is damaged inside is refused; one cut off at its end is not")
  func damagedLog() throws {
    for isCut in [true, false] {
      let directory = try StoreDirectory()
      do {
        // Closing leaves them in the log of writes.
        let table = try RocksTable(path: directory.path)
        for number in 0..<50 {
          try table.write([.put(key: [7, UInt8(number)], value: Array(repeating: 1, count: 300))])
        }
      }
      var length = 0
      let log = try #require(
        StoreDirectory.names(in: directory.path).map { "\(directory.path)/\($0)" }.first {
          var status = stat()
          guard $0.hasSuffix(".log"), stat($0, &status) == 0 else { return false }
          length = Int(status.st_size)
          return length > 10_000
        })
      if isCut {
        try #require(truncate(log, off_t(length - 100)) == 0)
        let table = try RocksTable(path: directory.path)
        #expect(try table.value(of: [7, 0]) != nil)
      } else {
        let file = open(log, O_RDWR)
        var byte: UInt8 = 0
        try #require(pread(file, &byte, 1, off_t(length / 3)) == 1)
        byte ^= 0x40
        try #require(pwrite(file, &byte, 1, off_t(length / 3)) == 1)
        close(file)
        do throws(SchedulerError) {
          _ = try RocksTable(path: directory.path)
          Issue.record("a damaged log opened")
        } catch { #expect(error.code == .corrupt, "\(error)") }
      }
    }
  }

  private func expectRefusal(
    _ code: SchedulerError.Code, _ body: () throws -> RocksJobStore
  ) {
    do {
      _ = try body()
      Issue.record("opened")
    } catch let error as SchedulerError {
      #expect(error.code == code, "\(error)")
      #expect(!error.description.contains("\n"))
    } catch { Issue.record("\(error)") }
  }

  @Test("what RocksDB says of a full disk, a lock and damage is told apart")
  func words() {
    let cases: [(String, SchedulerError.Code)] = [
      (
        "IO error: No space left on device: While appending to file: /x/1.log: No space left on device",
        .noSpace
      ),
      ("IO error: While lock file: /x/LOCK: Resource temporarily unavailable", .locked),
      ("IO error: while open a file for lock: /x/LOCK: Read-only file system", .readOnly),
      ("IO error: While mkdir if missing: /x: Permission denied", .readOnly),
      ("Corruption: bad magic", .corrupt),
      ("IO error: While fsync: /x: Input/output error", .unavailable),
    ]
    for (text, code) in cases {
      let error = SchedulerError(rocks: RocksFailure(text), "the job store")
      #expect(error.code == code, "\(text)")
    }
  }

  @Test(
    "a disk that fills up ends no process: jobs are read, new ones refused, and taken when it has room again",
    .enabled(if: LoopVolume.isUsable))
  func fullDisk() async throws {
    let disk = try LoopVolume(size: 16 << 20)
    let store = try RocksJobStore(path: "\(disk.path)/jobs")
    #expect(await commit(store, record(1), fence: 1) == nil)
    try disk.fill(leaving: 0)
    // The room of the log's last block may take a few.
    var (number, taken, refusal) = (UInt64(2), [UInt64(1)], SchedulerError?.none)
    while refusal == nil, number < 10_000 {
      refusal = await commit(store, record(number), fence: 1)
      if refusal == nil { taken.append(number) }
      number += 1
    }
    #expect(refusal?.code == .noSpace, "\(refusal.debugDescription)")
    let again = await commit(store, record(number), fence: 2)
    #expect(again?.code == .noSpace, "opened anew, there is no room either")
    let known = try store.list(JobQuery(limit: .max)).records.map(\.id)
    for number in taken { #expect(known.contains(record(number).id), "\(number)") }
    disk.empty()
    var late: SchedulerError?
    let start = ContinuousClock.now
    var fence = UInt64(3)
    repeat {
      late = await commit(store, record(number), fence: fence)
      fence += 1
    } while late?.code == .noSpace && start.duration(to: .now) < .seconds(30)
    #expect(late == nil)
    #expect(try store.record(of: record(number).id) == record(number))
    #expect(try store.removeEnded(before: .max, limit: 1).isEmpty)
    store.close()
  }

  @Test("after a failed write nothing of its fence is written, and the next fence is")
  func fence() async throws {
    let directory = try StoreDirectory()
    let store = try RocksJobStore(path: directory.path)
    let first = await commit(store, record(1), fence: 1)
    #expect(first == nil)
    // A closed store takes nothing: the clearest failure there is.
    store.close()
    let second = await commit(store, record(2), fence: 1)
    #expect(second?.code == .closed)
    let memory = MemoryJobStore()
    let third = await commit(memory, record(3), fence: 0)
    #expect(third?.code == .unavailable)
  }

  private func commit(
    _ store: any JobStore, _ record: JobRecord, fence: UInt64
  ) async -> SchedulerError? {
    await withCheckedContinuation { continuation in
      store.commit(StoreBatch(number: 1, fence: fence, writes: [.add(record)])) {
        continuation.resume(returning: $0)
      }
    }
  }
}
