// A coordinator and two workers, each a process of its own.

import DaemonDriver
import Foundation
import Glibc
import Testing

extension Integration {
  @Suite("Jobs over several workers")
  struct JobWorkersTests {
    @Test("a load over two workers, one of which is killed, succeeds with exact counts")
    func killed() async throws {
      try await blocking { try Self.loadAndKill() }
    }

    private static func loadAndKill() throws {
      let cluster = try JobCluster { try JobFixture.fill("\($0)/set", count: 800, size: 16_000) }
      let haveJoined = try eventually { try cluster.count("ONLINE") == 2 }
      #expect(haveJoined, "\(cluster.log)")
      let path = "file://\(cluster.scratch.path("data"))/set"
      let submitted = try cluster.run(
        "job", "load", "--path", path, "--submit", "--bandwidth", "3MB", "--batch-size", "20")
      #expect(submitted.succeeded, "\(submitted.errors)")
      let isUnderWay = try eventually {
        JobFixture.count("Inodes Processed", in: try cluster.report(path)) ?? 0 >= 80
      }
      #expect(isUnderWay, "\(cluster.log.suffix(2000))")
      for worker in cluster.workers {
        #expect(try worker.metric("alluxio_external_data_read_bytes_total") ?? 0 > 0)
      }
      cluster.workers[0].process.signal(SIGKILL)
      _ = cluster.workers[0].process.wait(.seconds(10))
      var lines: [String] = []
      let hasEnded = try eventually(.seconds(60)) {
        lines = try cluster.report(path)
        return lines.contains { $0.hasPrefix("Job State: SUCC") || $0.hasPrefix("Job State: F") }
      }
      #expect(hasEnded, "\(lines) \(cluster.log.suffix(2000))")
      #expect(lines.contains("Job State: SUCCEEDED"), "\(lines)")
      #expect(JobFixture.count("Inodes Scanned", in: lines) == 800)
      #expect(JobFixture.count("Inodes Processed", in: lines) == 800)
      #expect(lines.contains("Bytes Loaded: 12.21MB out of 12.21MB"), "\(lines)")
      // What the killed worker had loaded is in the other one's cache now, all of it.
      try cluster.expectCached(count: 800, size: 16_000, workers: [1])
      let isLost = try eventually { try cluster.count("LOST") == 1 }
      #expect(isLost, "\(cluster.log)")
      #expect(try cluster.count("ONLINE") == 1)
      cluster.coordinator.signal(SIGTERM)
      #expect(cluster.coordinator.wait(.seconds(20)) == .code(0))
      cluster.workers[1].process.signal(SIGTERM)
      #expect(cluster.workers[1].process.wait(.seconds(20)) == .code(0))
    }

    @Test("a worker that is killed and started again mid-load has its files again at SUCCEEDED")
    func startedAgain() async throws {
      try await blocking {
        let cluster = try JobCluster { try JobFixture.fill("\($0)/set", count: 600, size: 16_000) }
        let path = try cluster.submit("set", processed: 100)
        try cluster.restart(0)
        let lines = try cluster.waitForEnd(path)
        #expect(lines.contains("Job State: SUCCEEDED"), "\(lines)")
        #expect(JobFixture.count("Inodes Scanned", in: lines) == 600)
        #expect(JobFixture.count("Inodes Processed", in: lines) == 600)
        #expect(JobFixture.count("Files Failed", in: lines) == 0)
        try cluster.expectCached(count: 600, size: 16_000, workers: [0, 1])
        #expect(cluster.log.contains("job verifies"), "\(cluster.log.suffix(3000))")
        #expect(cluster.log.contains("was started anew after it had loaded files"))
      }
    }

    @Test("a worker that joins mid-load takes its part, and nothing is loaded twice")
    func added() async throws {
      try await blocking {
        let cluster = try JobCluster { try JobFixture.fill("\($0)/set", count: 600, size: 16_000) }
        let path = try cluster.submit("set", processed: 60)
        cluster.workers.append(try cluster.start("2"))
        let lines = try cluster.waitForEnd(path)
        #expect(lines.contains("Job State: SUCCEEDED"), "\(lines)")
        #expect(JobFixture.count("Inodes Processed", in: lines) == 600)
        #expect(try cluster.workers[2].metric("alluxio_external_data_read_bytes_total") ?? 0 > 0)
        #expect(try cluster.bytesRead() == 600 * 16_000)
        try cluster.expectCached(count: 600, size: 16_000, workers: [0, 1, 2])
      }
    }

    @Test("a worker's /v1/load is a job of the coordinator that it has joined, over all workers")
    func forwarded() async throws {
      try await blocking {
        let cluster = try JobCluster { try JobFixture.fill("\($0)/set", count: 80, size: 3000) }
        let haveJoined = try eventually { try cluster.count("ONLINE") == 2 }
        #expect(haveJoined, "\(cluster.log)")
        let path = "file://\(cluster.scratch.path("data"))/set"
        func ask(_ operation: String, _ place: Int, _ path: String) throws -> HTTPResponse {
          try HTTPConnection(port: cluster.workers[place].ports.rest).request(
            "GET", "/v1/load?path=\(percentEncoded(path: path))&opType=\(operation)")
        }
        let submitted = try ask("submit", 0, path)
        #expect(submitted.status == 200, "\(submitted.text)")
        #expect(submitted.text.contains("is successfully submitted. JobId: "), "\(submitted.text)")
        // Any worker answers for it.
        var progress = ""
        let hasEnded = try eventually {
          progress = try ask("progress", 1, path).text
          return progress.contains("\"jobState\":\"SUCCEEDED\"")
        }
        #expect(hasEnded && progress.contains("Inodes Processed: 80"), "\(progress)")
        #expect(try cluster.bytesRead() == 80 * 3000)
        for place in 0..<2 {
          #expect(try cluster.held(by: place, size: 3000, below: "/data/set").count > 10)
        }
        #expect(try ask("stop", 1, path).text.contains("\"success\":false"))
        #expect(try ask("progress", 0, path + "/none").status == 404)
        #expect(try ask("submit", 0, path + "/none").status != 200)
        cluster.coordinator.signal(SIGKILL)
        _ = cluster.coordinator.wait(.seconds(10))
        let refused = try ask("submit", 0, path)
        #expect(refused.status == 503, "\(refused.text)")
        #expect(refused.text.contains("no answer of the coordinator"), "\(refused.text)")
      }
    }

    @Test("two replicas are on two workers, and a free takes the files from both")
    func replicasAndFree() async throws {
      try await blocking {
        let cluster = try JobCluster { try JobFixture.fill("\($0)/set", count: 100, size: 2000) }
        let haveJoined = try eventually { try cluster.count("ONLINE") == 2 }
        #expect(haveJoined, "\(cluster.log)")
        let load = try cluster.run(
          "job", "load", "--path", "/data/set", "--replicas", "2", "--submit", "--watch")
        #expect(load.succeeded, "\(load.output)\(load.errors)")
        #expect(
          load.output.contains("\tBytes Loaded: 195.31KB out of 195.31KB\n"), "\(load.output)")
        for place in 0..<2 {
          #expect(try cluster.held(by: place, size: 2000, below: "/data/set").count == 100)
        }
        #expect(try cluster.bytesRead() == 400_000)
        let free = try cluster.run("job", "free", "--path", "/data/set", "--submit", "--watch")
        #expect(free.succeeded, "\(free.output)\(free.errors)")
        #expect(free.output.contains("\tFiles Freed: 200\n"), "\(free.output)")
        for place in 0..<2 {
          #expect(try cluster.held(by: place, size: 2000, below: "/data/set").isEmpty)
        }
      }
    }
  }
}
