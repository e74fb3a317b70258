// `worker-bench stress` with the flags of StressWorkerBench, as scripts give them.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Stress bench")
  struct StressBenchTests {
    private struct Summary: Decodable {
      struct Node: Decodable {
        let durationMs, ioBytes: Int
        let throughput: Double
      }
      struct Parameters: Decodable {
        let mBase, mBaseAlias, mTag, mFileSize, mMode: String
        let mClients, mThreads, mRandomSeed: Int
        let mIsRandom, mFree, mSkipCreation: Bool
      }
      let parameters: Parameters
      let durationMs, endTimeMs, ioBytes: Int
      let throughput: Double
      let throughputPercentiles: [String: Double]
      let bytesByPath: [String: Int]
      let nodeResults: [String: Node]
      let errors: [String]
    }

    private static let short = ["--duration", "2s", "--warmup", "100ms", "--file-size", "2m"]

    private func stress(_ arguments: [String]) throws -> CommandRun {
      try CommandRun(
        ["\(Binaries.folder)/worker-bench", "stress", "--daemon", Binaries.penstockd] + arguments,
        limit: .seconds(120))
    }

    private func summary(_ run: CommandRun) throws -> Summary {
      try JSONDecoder().decode(Summary.self, from: Data(run.output.utf8))
    }

    @Test("every flag of StressWorkerBench is taken, and the summary has its members")
    func flags() async throws {
      try await blocking {
        let run = try stress(
          Self.short + [
            "--base", "alluxio:///stress/base", "--base-alias", "alias", "--tag", "word",
            "--clients", "2", "--threads", "3", "--buffer-size", "64k", "--slice-size", "100ms",
            "--is-random", "--random-seed", "7", "--random-min-length", "64k",
            "--random-max-length", "1m", "--free", "--conf", "leases_max=64", "--conf", "spin_us=0",
            "--mode", "LOCAL_ONLY", "--cluster", "--cluster-limit", "-1", "--cluster-start-delay",
            "1s", "--bench-timeout", "5m", "--java-opt", "-Xmx1g", "--java-opt", "-Xms1g",
            "--profile-agent", "-agentpath:x", "--id", "task-3", "--index", "0", "--distributed",
            "--start-ms", "-1", "--in-process",
          ])
        #expect(run.succeeded, "\(run.errors)\(run.output)")
        let found = try summary(run)
        #expect(found.parameters.mBase == "alluxio:///stress/base" && found.parameters.mFree)
        #expect(found.parameters.mBaseAlias == "alias" && found.parameters.mTag == "word")
        #expect(found.parameters.mClients == 2 && found.parameters.mThreads == 3)
        #expect(found.parameters.mIsRandom && found.parameters.mRandomSeed == 7)
        #expect(found.errors.isEmpty && found.ioBytes > 0 && found.durationMs > 0)
        #expect(found.nodeResults.keys.sorted() == ["task-3"])
        #expect(found.nodeResults["task-3"]?.ioBytes == found.ioBytes)
        #expect(
          Set(found.throughputPercentiles.keys)
            == Set([1, 5, 10, 25, 50, 75, 90, 95, 99].map { "P\($0)" }))
        #expect(found.bytesByPath["network"] == 0 && found.bytesByPath["ufs"] == 0)
      }
    }

    @Test("REMOTE_ONLY reads over the network, and --skip-creation wants the file to be there")
    func modes() async throws {
      try await blocking {
        let remote = try stress(Self.short + ["--threads", "2", "--mode", "REMOTE_ONLY"])
        #expect(remote.succeeded, "\(remote.errors)\(remote.output)")
        let found = try summary(remote)
        #expect(found.bytesByPath["network"] ?? 0 > 0 && found.bytesByPath["shared"] == 0)
        let missing = try stress(Self.short + ["--threads", "1", "--skip-creation"])
        #expect(!missing.succeeded)
        #expect(try summary(missing).errors.first?.contains("stress-worker-base/data") ?? false)
      }
    }

    @Test("a bench that runs longer than --bench-timeout gives up and says so")
    func timeout() async throws {
      try await blocking {
        let run = try stress([
          "--duration", "100s", "--warmup", "1s", "--file-size", "2m", "--threads", "2",
          "--bench-timeout", "1500ms",
        ])
        #expect(!run.succeeded)
        #expect(try summary(run).errors.first == "gave up after --bench-timeout")
      }
    }

    @Test(
      "what makes no sense is refused before anything starts",
      arguments: [
        ["--mode", "NEAREST"], ["--base", "s3://bucket/x"], ["--threads", "0"],
        ["--file-size", "many"], ["--random-min-length", "2m", "--random-max-length", "1m"],
        ["--bench-timeout", "soon"], ["--free", "--conf", "workers=127.0.0.1:1"],
      ])
    func nonsense(arguments: [String]) async throws {
      try await blocking {
        let run = try stress(Self.short + arguments)
        #expect(run.status == .code(64), "\(run.errors)\(run.output)")
      }
    }
  }
}
