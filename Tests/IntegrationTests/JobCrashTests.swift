// kill −9 at any instant of a load, and sources that are poisoned: counts stay exact, SUCCEEDED stays true.
//
// `scripts/bench job-crash` runs many more instants: PENSTOCK_JOB_CRASHES says how many.

import DaemonDriver
import FaultProxy
import Foundation
import Glibc
import Testing

extension Integration {
  @Suite("Job crashes")
  struct JobCrashTests {
    /// A cluster before a store that counts who reads what.
    private final class Stage {
      static let batch = 5
      let content: ListingOrigin.Content
      let origin: LatencyOrigin
      let proxy: FaultProxy
      let cluster: JobCluster

      init(count: Int, storage: [String], options: [String] = []) throws {
        content = ListingOrigin.Content(folder: "set/", count: count, size: 8000, tag: "one")
        origin = try LatencyOrigin(content, latency: .milliseconds(5))
        proxy = try FaultProxy(originPort: origin.port)
        let mount = [
          "/s3=s3://b", "alluxio.underfs.s3.endpoint=http://127.0.0.1:\(proxy.port)",
          "alluxio.underfs.s3.disable.dns.buckets=true", "alluxio.underfs.s3.region=us-east-1",
        ]
        cluster = try JobCluster(
          storage: storage, mount: mount.joined(separator: ","),
          variables: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"],
          options: options)
        let haveJoined = try eventually { try cluster.count("ONLINE") == 2 }
        #expect(haveJoined, "\(cluster.log)")
      }

      func name(_ index: Int) -> String {
        let digits = "\(index)"
        return String(repeating: "0", count: 9 - digits.utf8.count) + digits
      }

      func submit(_ more: String...) throws {
        let run = try CommandRun(
          [
            Binaries.penstock, "job", "load", "--path", "/s3/set", "--submit",
            "--batch-size", "\(Self.batch)",
          ] + more + ["--coordinator", "127.0.0.1:\(cluster.web)"])
        #expect(run.succeeded, "\(run.errors)")
      }

      /// Asks until `isThere`; expects exact counts at each answer.
      func wait(_ isThere: (JobCounts) -> Bool, _ context: String) throws -> JobCounts? {
        var last: JobCounts?
        let hasCome = try eventually(.seconds(90)) {
          guard let counts = try cluster.counts("?path=/s3/set") else { return false }
          last = counts
          #expect(counts.isExact, "\(context): \(counts)")
          return isThere(counts)
        }
        #expect(hasCome, "\(context): \(String(describing: last)) \(cluster.log.suffix(3000))")
        return last
      }

      /// How often each object was read.
      func reads() -> [String: Int] {
        var counts: [String: Int] = [:]
        for request in proxy.requests where request.method == "GET" {
          guard let range = request.target.firstRange(of: "/set/") else { continue }
          counts[String(request.target[range.upperBound...].prefix(9)), default: 0] += 1
        }
        return counts
      }

      func expectCached(_ indices: [Int]) throws {
        try cluster.expectCached(
          indices.map { ("/s3/set/\(name($0))", LatencyOrigin.bytes($0, of: content)) },
          below: "/s3/set", workers: [0, 1])
      }
    }

    private static let volume = [
      "-Dalluxio.worker.page.store.dirs=NAME/volume", "-Dalluxio.worker.page.store.sizes=64MB",
      "-Dpenstock.worker.page.store.landing.size=16MB",
    ]

    /// One load during which processes are killed; returns how many were.
    private static func load(
      _ draw: inout SeededRandom, kills: Int, onVolumes: Bool
    ) throws -> Int {
      let count = 300
      let stage = try Stage(count: count, storage: onVolumes ? volume : Fixture.memory)
      try stage.submit("--bandwidth", "400KB")
      var context = "SEED=\(draw.seed) volumes=\(onVolumes)"
      // What may be read again: batches at workers, and what a worker in memory had.
      var allowance = 0
      var (threshold, done) = (0, 0)
      for _ in 0..<kills {
        threshold += draw.below(count / kills)
        let counts = try stage.wait({ $0.settled >= threshold || $0.hasEnded }, context)
        guard let counts, !counts.hasEnded else { break }
        done += 1
        let victim = draw.below(3)
        context +=
          victim == 2 ? ", coordinator at \(counts.settled)" : ", worker at \(counts.settled)"
        allowance += 6 * Stage.batch
        if victim == 2 {
          try stage.cluster.restartCoordinator()
        } else {
          if !onVolumes { allowance += counts.settled + 6 * Stage.batch }
          try stage.cluster.restart(victim)
          let worker = stage.cluster.workers[victim]
          let isBack = eventually(.seconds(60)) { worker.logText.contains("registered") }
          #expect(isBack, "\(context): \(worker.logText)")
          // What the other one loaded in its place meanwhile is looked for at the one that it belongs to.
          let after = try stage.wait({ _ in true }, context)
          allowance += max(0, (after?.settled ?? 0) - counts.settled)
        }
      }
      let end = try stage.wait({ $0.hasEnded }, context)
      #expect(end?.state == "SUCCEEDED", "\(context): \(end?.failure ?? "")")
      #expect(
        end?.listed == count && end?.loaded == count, "\(context): \(String(describing: end))")
      #expect(end?.bytes["loaded"] == count * 8000, "\(context)")
      let reads = stage.reads()
      #expect(reads.count == count, "\(context)")
      #expect(reads.values.max() ?? 0 <= 1 + kills, "\(context): \(reads.filter { $0.value > 1 })")
      let again = reads.values.reduce(0, +) - count
      #expect(again <= allowance, "\(context)")
      print("\(context): \(again) of \(count) files read again, at most \(allowance)")
      try stage.expectCached(Array(0..<count))
      return done
    }

    @Test("coordinator or worker killed at random instants: SUCCEEDED, exact, all bytes cached")
    func kills() async throws {
      let wanted = ProcessInfo.processInfo.environment["PENSTOCK_JOB_CRASHES"].flatMap { Int($0) }
      try await blocking {
        var draw = SeededRandom()
        var done = 0
        while done < wanted ?? 4 {
          done += try Self.load(
            &draw, kills: 1 + draw.below(3), onVolumes: draw.below(2) == 0)
        }
      }
    }

    @Test("a move whose coordinator and workers are killed loses no file and no byte")
    func killsWhileMoving() async throws {
      try await blocking {
        var draw = SeededRandom()
        let count = 300
        let cluster = try JobCluster { folder in
          try JobFixture.fill("\(folder)/set", count: count, size: 8000)
          try makeDirectories("\(folder)/target")
        }
        let haveJoined = try eventually { try cluster.count("ONLINE") == 2 }
        #expect(haveJoined, "\(cluster.log)")
        let submitted = try cluster.run(
          "job", "move", "--src", "/data/set", "--dst", "/data/target/set", "--submit",
          "--bandwidth", "1MB", "--batch-size", "5")
        #expect(submitted.succeeded, "\(submitted.errors)")
        let query = "?src=/data/set&dst=/data/target/set"
        func wait(_ isThere: (JobCounts) -> Bool) throws -> JobCounts? {
          var last: JobCounts?
          let hasCome = try eventually(.seconds(90)) {
            last = try cluster.counts(query, of: "move")
            #expect(last?.isExact ?? true, "SEED=\(draw.seed) \(String(describing: last))")
            return last.map(isThere) ?? false
          }
          #expect(
            hasCome, "SEED=\(draw.seed) \(String(describing: last)) \(cluster.log.suffix(3000))")
          return last
        }
        var threshold = 0
        for victim in [2, draw.below(2), draw.below(3)] {
          threshold += draw.below(count / 3)
          _ = try wait { $0.settled >= threshold || $0.hasEnded }
          if victim == 2 { try cluster.restartCoordinator() } else { try cluster.restart(victim) }
        }
        let end = try wait { $0.hasEnded }
        #expect(end?.state == "SUCCEEDED", "SEED=\(draw.seed) \(end?.failure ?? "")")
        #expect(
          end?.loaded == count && end?.listed == count,
          "SEED=\(draw.seed) \(String(describing: end))")
        for index in 0..<count {
          let name = "d\(index / 100)/f\(index)"
          let bytes = try readBytes(cluster.scratch.path("data/target/set/\(name)"))
          #expect(identical(bytes, patterned(8000, seed: index)), "SEED=\(draw.seed) \(name)")
          #expect((try? readBytes(cluster.scratch.path("data/set/\(name)"))) == nil)
        }
      }
    }

    /// One object in a hundred is refused for good.
    private static func poison(_ stage: Stage) {
      stage.proxy.play(
        FaultScript { request in
          guard request.method == "GET", let range = request.target.firstRange(of: "/set/"),
            let index = Int(request.target[range.upperBound...].prefix(9)), index % 100 == 37
          else { return .none }
          return .status(403)
        })
    }

    @Test(
      "1 % poisoned objects: run to the end, the good files are cached, the failed list is exact")
    func poisonedToTheEnd() async throws {
      try await blocking {
        let count = 2000
        let stage = try Stage(count: count, storage: Fixture.memory)
        Self.poison(stage)
        try stage.submit()
        let end = try stage.wait({ $0.hasEnded }, "poisoned")
        #expect(end?.state == "FAILED" && end?.failure == "Job partially failed.")
        #expect(end?.listed == count && end?.loaded == count - 20 && end?.failed == 20)
        #expect(end?.bytes["loaded"] == (count - 20) * 8000 && end?.bytes["failed"] == 20 * 8000)
        let bad = Set((0..<count).filter { $0 % 100 == 37 })
        let list = try stage.cluster.run(
          "job", "load", "--path", "/s3/set", "--progress", "--file-status", "FAILURE")
        let named = list.output.split(separator: "\n").map { $0.prefix { $0 != "\t" } }
        #expect(Set(named) == Set(bad.map { "s3://b/set/\(stage.name($0))"[...] }), "\(named)")
        #expect(named.count == 20)
        try stage.expectCached((0..<count).filter { !bad.contains($0) })
      }
    }

    @Test("1 % poisoned objects: cut short beyond the thresholds, what was loaded stays")
    func poisonedCutShort() async throws {
      try await blocking {
        let count = 2000
        let stage = try Stage(
          count: count, storage: Fixture.memory,
          options: [
            "-Dalluxio.master.dora.load.job.total.failure.count.threshold=3",
            "-Dalluxio.master.dora.load.job.total.failure.ratio.threshold=0.005",
          ])
        Self.poison(stage)
        try stage.submit("--bandwidth", "1MB")
        let end = try stage.wait({ $0.hasEnded }, "poisoned")
        #expect(end?.state == "FAILED")
        #expect(
          end?.failure?.hasPrefix("Too many files failed: 4 of ") == true, "\(end?.failure ?? "")")
        #expect(end?.failed == 4 && end?.loaded ?? count < count, "\(String(describing: end))")
        #expect(end?.listed == end?.settled)
        let list = try stage.cluster.run(
          "job", "load", "--path", "/s3/set", "--progress", "--file-status", "FAILURE")
        let named = Set(list.output.split(separator: "\n").map { $0.prefix { $0 != "\t" } })
        #expect(named.count == 4, "\(list.output)")
        let bad = Set((0..<count).filter { $0 % 100 == 37 })
        #expect(named.isSubset(of: bad.map { "s3://b/set/\(stage.name($0))"[...] }), "\(named)")
        // What was loaded stays; files that were under way at the end may be there besides.
        let held = try (0..<2).map { try stage.cluster.held(by: $0, size: 8000, below: "/s3/set") }
        #expect(held.reduce(0) { $0 + $1.count } >= end?.loaded ?? count)
        #expect(held.allSatisfy { $0.isDisjoint(with: bad.map { stage.name($0) }) })
      }
    }
  }
}
