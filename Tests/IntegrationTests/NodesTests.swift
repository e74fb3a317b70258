// Workers of a coordinator: how they register, live, are lost and come back, each a process of its own.

import DaemonDriver
import Foundation
import Glibc
import Testing

extension Integration {
  @Suite("Nodes")
  struct NodesTests {
    private static let volume = [
      "-Dalluxio.worker.page.store.dirs=NAME/volume", "-Dalluxio.worker.page.store.sizes=64MB",
      "-Dpenstock.worker.page.store.landing.size=16MB",
    ]

    private static func expectBoth(
      _ cluster: JobCluster, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let haveJoined = try eventually { try cluster.count("ONLINE") == cluster.workers.count }
      #expect(haveJoined, "\(cluster.log)", sourceLocation: sourceLocation)
    }

    @Test("nodes are listed with state, version, room, files held and when they were heard of")
    func list() async throws {
      try await blocking {
        let cluster = try JobCluster(options: [
          "-Dalluxio.master.lost.worker.deletion.timeout=1s"
        ]) { try JobFixture.fill("\($0)/set", count: 40, size: 5000) }
        try Self.expectBoth(cluster)
        let load = try cluster.run("job", "load", "--path", "/data/set", "--submit", "--watch")
        #expect(load.succeeded, "\(load.errors)")
        let isTold = try eventually {
          try cluster.nodes().workers.reduce(0) { $0 + ($1["heldFiles"] as? Int ?? 0) } == 40
        }
        let (workers, coordinators) = try cluster.nodes()
        #expect(isTold, "\(workers)")
        #expect(workers.count == 2 && coordinators.count == 1)
        for worker in workers {
          #expect(worker["state"] as? String == "ONLINE")
          #expect((worker["version"] as? String)?.isEmpty == false)
          let tiers = worker["capacity"] as? [[String: Any]] ?? []
          #expect(tiers.map { $0["tier"] as? String } == ["MEM"])
          #expect(tiers.first?["totalBytes"] as? Int == 256 << 20, "\(worker)")
          #expect((worker["usedBytes"] as? Int ?? 0) > 0 && worker["unnamedFiles"] as? Int == 0)
          #expect(worker["silentMilliseconds"] as? Int ?? .max < 5000, "\(worker)")
        }
        #expect(workers.reduce(0) { $0 + ($1["heldBytes"] as? Int ?? 0) } == 200_000)
        #expect(coordinators[0]["state"] as? String == "ONLINE")
        #expect((coordinators[0]["address"] as? String)?.hasSuffix(":\(cluster.rpc)") == true)
        let text = try cluster.run("info", "nodes").output.split(separator: "\n")
        #expect(text.count == 4 && text[0].hasPrefix("ROLE "), "\(text)")
        #expect(text[1].contains("  MEM ") && text[1].contains("/256.00MB  "), "\(text)")
        #expect(text[3].hasPrefix("coordinator  "), "\(text)")
        let json = try cluster.run("info", "nodes", "--format", "JSON")
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
        #expect(((object as? [String: Any])?["workers"] as? [Any])?.count == 2, "\(json.output)")
        #expect(try cluster.run("info", "nodes", "--format", "XML").status == .code(64))

        // Killed: lost, then no longer listed. Started again: the same node, online.
        cluster.workers[0].process.signal(SIGKILL)
        _ = cluster.workers[0].process.wait(.seconds(10))
        let isLost = try eventually { try cluster.count("LOST") == 1 }
        #expect(isLost, "\(cluster.log)")
        let isGone = try eventually { try cluster.nodes().workers.count == 1 }
        #expect(isGone && cluster.log.contains("lost worker removed"), "\(cluster.log)")
        let free = try cluster.run("job", "free", "--path", "/data/set", "--submit", "--watch")
        #expect(free.succeeded, "a worker that was removed is not asked: \(free.output)")
        try cluster.restart(0)
        try Self.expectBoth(cluster)
        let ids = try cluster.nodes().workers.compactMap { $0["id"] as? String }
        #expect(Set(ids) == Set(workers.compactMap { $0["id"] as? String }))

        // Stopped: it says so, and is lost without the time of silence.
        cluster.workers[0].process.signal(SIGTERM)
        #expect(cluster.workers[0].process.wait(.seconds(20)) == .code(0))
        #expect(cluster.log.contains("worker leaves"), "\(cluster.log)")
        #expect(try cluster.count("ONLINE") == 1)
      }
    }

    @Test(
      "a worker that is heard of and cannot be reached is shown as suspect, and jobs go round it")
    func suspect() async throws {
      try await blocking {
        let cluster = try JobCluster { try JobFixture.fill("\($0)/set", count: 60, size: 1000) }
        // Nobody listens at the name that it tells.
        cluster.workers.append(
          try cluster.start("2", options: ["-Dalluxio.worker.hostname=127.0.0.9"]))
        try Self.expectBoth(cluster)
        let load = try cluster.run("job", "load", "--path", "/data/set", "--submit", "--watch")
        #expect(load.succeeded, "\(load)")
        let text = try cluster.run("info", "nodes").output
        let lines = text.split(separator: "\n").filter { $0.contains("  SUSPECT  ") }
        #expect(lines.count == 1 && lines[0].contains("  127.0.0.9:"), "\(text)")
        for worker in try cluster.nodes().workers {
          let isAway = (worker["address"] as? String)?.hasPrefix("127.0.0.9:") == true
          #expect(worker["suspect"] as? Bool == isAway && worker["state"] as? String == "ONLINE")
          let rest = cluster.workers.map {
            "\(isAway ? "127.0.0.9" : "127.0.0.1"):\($0.ports.rest)"
          }
          #expect(rest.contains(worker["restAddress"] as? String ?? ""), "\(worker)")
        }
      }
    }

    @Test("a free fails while a stopped worker may come back with its pages, and says what to do")
    func freeWithoutOne() async throws {
      try await blocking {
        let cluster = try JobCluster(storage: Self.volume) {
          try JobFixture.fill("\($0)/set", count: 20, size: 5000)
        }
        try Self.expectBoth(cluster)
        cluster.workers[0].process.signal(SIGTERM)
        #expect(cluster.workers[0].process.wait(.seconds(20)) == .code(0))
        let name = try cluster.nodes().workers.first { $0["state"] as? String == "LOST" }
        let address = try #require(name?["address"] as? String)
        let submitted = try cluster.run("job", "free", "--path", "/data/set", "--submit")
        #expect(submitted.succeeded, "\(submitted)")
        var report = ""
        let isTold = try eventually {
          report = try cluster.run("job", "free", "--path", "/data/set", "--progress").output
          return report.contains("\tWaits: \(address): away since ")
        }
        #expect(isTold, "\(report)")
        let hasEnded = try eventually(.seconds(60)) {
          report = try cluster.run("job", "free", "--path", "/data/set", "--progress").output
          return report.contains("Job State: FAILED")
        }
        #expect(hasEnded, "\(report)")
        #expect(
          report.contains("(JobFailed: Job partially failed. \(address): away since ")
            && report.contains("alluxio.master.lost.worker.deletion.timeout"), "\(report)")
        cluster.workers[0] = try cluster.start("0")
        try Self.expectBoth(cluster)
        let again = try cluster.run("job", "free", "--path", "/data/set", "--submit", "--watch")
        #expect(again.succeeded, "\(again)")
      }
    }

    @Test("a worker that comes back tells what it holds, batch by batch, and is silent no longer")
    func comesBack() async throws {
      try await blocking {
        let cluster = try JobCluster(
          storage: Self.volume,
          options: ["-Dalluxio.master.worker.register.lease.count=1"],
          workerOptions: ["-Dalluxio.worker.register.stream.batch.size=7"]
        ) { try JobFixture.fill("\($0)/set", count: 60, size: 5000) }
        try Self.expectBoth(cluster)
        let load = try cluster.run("job", "load", "--path", "/data/set", "--submit", "--watch")
        #expect(load.succeeded, "\(load.errors)")
        // Frozen: lost though it lives; thawed: it registers again with all that it holds.
        for worker in cluster.workers { worker.process.pause() }
        let areLost = try eventually { try cluster.count("LOST") == 2 }
        #expect(areLost, "\(cluster.log)")
        for worker in cluster.workers { worker.process.signal(SIGCONT) }
        try Self.expectBoth(cluster)
        let lines = cluster.log.split(separator: "\n").filter { $0.contains("worker registered") }
        #expect(lines.count == 4, "\(cluster.log)")
        let again = lines.suffix(2).joined()
        #expect(again.contains("before"), "\(again)")
        let held = try cluster.nodes().workers.map { $0["heldFiles"] as? Int ?? 0 }
        #expect(held.reduce(0, +) == 60 && held.allSatisfy { $0 > 7 }, "\(held)")
        // A coordinator that is started again knows them again, too.
        try cluster.restartCoordinator()
        try Self.expectBoth(cluster)
        #expect(try cluster.nodes().workers.reduce(0) { $0 + ($1["heldFiles"] as? Int ?? 0) } == 60)
      }
    }

    @Test("two workers of one identity do not take each other's place: the second says why, once")
    func twins() async throws {
      try await blocking {
        let cluster = try JobCluster()
        try Self.expectBoth(cluster)
        let id = try #require(try cluster.nodes().workers.first?["id"] as? String)
        let twin = try cluster.start(
          "twin", options: ["-Dalluxio.worker.identity.uuid=\(id)"])
        let isTold = eventually { twin.logText.contains("the identity \(id) is that of") }
        #expect(isTold, "\(twin.logText)")
        #expect(try cluster.count("ONLINE") == 2)
        let lines = twin.logText.split(separator: "\n").filter { $0.contains("no lease of the") }
        #expect(lines.count == 1, "\(lines)")
      }
    }

    @Test("what is pinned at the coordinator is pinned on every worker, later ones included")
    func pins() async throws {
      try await blocking {
        let cluster = try JobCluster { try JobFixture.fill("\($0)/set", count: 2, size: 100) }
        try Self.expectBoth(cluster)
        func pinned(_ place: Int) throws -> [String] {
          let run = try CommandRun([
            Binaries.penstock, "cache", "pin", "--worker",
            "127.0.0.1:\(cluster.workers[place].ports.web)",
          ])
          return run.output.split(separator: "\n").map(String.init)
        }
        let own = try CommandRun([
          Binaries.penstock, "cache", "pin", "/data/own", "--worker",
          "127.0.0.1:\(cluster.workers[1].ports.web)",
        ])
        #expect(own.succeeded, "\(own.errors)")
        let run = try cluster.run("cache", "pin", "/data/set")
        #expect(run.succeeded && run.output.hasPrefix("Added alluxioPath=/data/set"), "\(run)")
        #expect(try cluster.run("cache", "pin", "/data/own").succeeded)
        let again = try cluster.run("cache", "pin", "/data/set")
        #expect(again.status == .code(255) && again.errors.contains("already"), "\(again)")
        #expect(try cluster.run("cache", "pin", "gopher://x").status == .code(255))
        let list = try cluster.run("cache", "pin")
        #expect(list.output == "alluxioPath=/data/own\nalluxioPath=/data/set\n", "\(list)")
        let both = ["alluxioPath=/data/own", "alluxioPath=/data/set"]
        let isThere = try eventually { try pinned(0) == both && pinned(1) == both }
        #expect(isThere, "\(cluster.workers[0].logText)")
        try cluster.restartCoordinator()
        cluster.workers.append(try cluster.start("2"))
        let isLate = try eventually { try pinned(2) == both }
        #expect(isLate, "\(cluster.workers[2].logText)")
        for path in ["/data/set", "/data/own"] {
          #expect(try cluster.run("cache", "unpin", path).succeeded)
        }
        // What was pinned on a worker itself stays there.
        let isLoose = try eventually {
          try pinned(0) == [] && pinned(1) == ["alluxioPath=/data/own"] && pinned(2) == []
        }
        #expect(isLoose, "\(cluster.workers[1].logText)")
        let none = try cluster.run("cache", "unpin", "/data/set")
        #expect(none.status == .code(255) && none.errors.contains("not pinned"), "\(none)")
      }
    }

    @Test("a free takes out what a killed worker holds and can no longer name, and nothing else")
    func unnamed() async throws {
      try await blocking {
        let cluster = try JobCluster(storage: Self.volume) {
          for name in ["set", "other"] {
            try JobFixture.fill("\($0)/\(name)", count: 40, size: 5000)
          }
        }
        try Self.expectBoth(cluster)
        for name in ["set", "other"] {
          let load = try cluster.run(
            "job", "load", "--path", "/data/\(name)", "--submit", "--watch")
          #expect(load.succeeded, "\(load.errors)")
        }
        // The pages are in the volume's log once nothing waits to be saved.
        for worker in cluster.workers {
          let isSaved = try eventually { try worker.metric("penstock_unsaved_pages") == 0 }
          #expect(isSaved)
        }
        for place in 0..<2 {
          cluster.workers[place].process.signal(SIGKILL)
          _ = cluster.workers[place].process.wait(.seconds(10))
          let catalog = cluster.scratch.path("worker-\(place)/metastore/catalog")
          #expect(FileManager.default.fileExists(atPath: catalog))
          try FileManager.default.removeItem(atPath: catalog)
          cluster.workers[place] = try cluster.start("\(place)")
        }
        func sum(_ name: String) throws -> Int {
          try cluster.nodes().workers.reduce(0) { $0 + ($1[name] as? Int ?? 0) }
        }
        let isTold = try eventually {
          try cluster.count("ONLINE") == 2 && sum("unnamedFiles") > 0 && sum("heldFiles") == 0
        }
        let count = try sum("unnamedFiles")
        let told = try cluster.nodes().workers
        #expect(isTold && count <= 80, "\(told)")
        let free = try cluster.run("job", "free", "--path", "/data/set", "--submit", "--watch")
        #expect(free.succeeded, "\(free.output)\(free.errors)")
        let freed = free.output.split(separator: "\n").compactMap { line in
          line.hasPrefix("\tFiles Freed: ") ? Int(line.dropFirst(14)) : nil
        }
        // What is loaded has its name again.
        let load = try cluster.run(
          "job", "load", "--path", "/data/other", "--submit", "--watch", "--skip-if-exists")
        #expect(load.succeeded, "\(load.errors)")
        let isNamed = try eventually { try sum("heldFiles") == 40 }
        let named = try cluster.nodes().workers
        #expect(isNamed, "\(named)")
        for place in 0..<2 {
          #expect(try cluster.held(by: place, size: 5000, below: "/data/set").isEmpty)
        }
        let rest = try cluster.run("job", "free", "--path", "/data", "--submit", "--watch")
        #expect(rest.output.contains("\tFiles Freed: 40\n"), "\(rest.output)")
        #expect(freed.count == 1 && (freed.first ?? 0) >= count - 40, "\(freed) of \(count)")
      }
    }

    @Test("large files are spread over three workers in pieces, to the byte")
    func pieces() async throws {
      try await blocking {
        let (size, rest) = (25 << 20, 12_345)
        let cluster = try JobCluster(
          options: ["-Dalluxio.dora.file.read.virtual.block.size=4MB"]
        ) {
          try makeDirectories("\($0)/set")
          try writeBytes(patterned(size + rest, seed: 1), to: "\($0)/set/large")
          try writeBytes(patterned(1000, seed: 2), to: "\($0)/set/small")
        }
        cluster.workers.append(try cluster.start("2"))
        try Self.expectBoth(cluster)
        let all = size + rest + 1000
        let load = try cluster.run("job", "load", "--path", "/data/set", "--submit", "--watch")
        #expect(load.succeeded, "\(load.output)\(load.errors)")
        let counts = try #require(
          try cluster.counts("?path=file://\(cluster.scratch.path("data"))/set"))
        #expect(counts.state == "SUCCEEDED" && counts.loaded == 2 && counts.isExact, "\(counts)")
        #expect(counts.bytes["loaded"] == all, "\(counts)")
        #expect(try cluster.bytesRead() == all)
        let used = try cluster.workers.map {
          Int(try $0.metric("alluxio_external_data_read_bytes_total") ?? 0)
        }
        // Seven pieces go round three workers.
        #expect(used.allSatisfy { $0 >= 2 * (4 << 20) - rest }, "\(used)")
        let again = try cluster.run(
          "job", "load", "--path", "/data/set", "--submit", "--watch", "--skip-if-exists")
        #expect(again.succeeded, "\(again.errors)")
        #expect(again.output.contains("\tBytes Loaded: 0B out of "), "\(again.output)")
        let verified = try cluster.run(
          "job", "load", "--path", "/data/set", "--submit", "--watch", "--verify")
        #expect(verified.succeeded, "\(verified.output)")
        #expect(try cluster.bytesRead() == all)
        let free = try cluster.run("job", "free", "--path", "/data/set", "--submit", "--watch")
        #expect(free.output.contains("\tFiles Freed: 4\n"), "\(free.output)")
      }
    }
  }
}
