// `worker-bench read` as people run it: what it starts, what it prints, what it refuses.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Read bench")
  struct ReadBenchTests {
    private struct Figures: Decodable {
      let path, pattern, reference: String
      let size, dataSize, threads, rounds: Double
      let readsPerSecond, p50Nanoseconds, p99Nanoseconds, maxNanoseconds: Double
      let cpuSecondsPerGiB, verifiedBytes: Double
      /// Null without a reference.
      let ratio, referenceReadsPerSecond: Double?
    }

    private func read(_ arguments: [String]) throws -> CommandRun {
      try CommandRun(
        ["\(Binaries.folder)/worker-bench", "read", "--daemon", Binaries.penstockd] + arguments,
        limit: .seconds(120))
    }

    @Test(
      "a bench starts what it needs, compares every byte and prints its ratio among the figures",
      arguments: [
        ["--path", "shm", "--reference", "pread"],
        ["--path", "shm", "--pattern", "random", "--in-place"], ["--path", "uds", "--checksum"],
        ["--path", "http", "--pattern", "epoch"], ["--path", "s3"],
      ])
    func figures(arguments: [String]) async throws {
      try await blocking {
        let run = try read(
          arguments + [
            "--size", "64KiB", "--data", "4MiB", "--duration", "400ms", "--rounds", "2", "--json",
          ])
        try #require(run.succeeded, "\(run.errors)\(run.output)")
        let found = try JSONDecoder().decode(Figures.self, from: Data(run.output.utf8))
        #expect(found.path == arguments[1] && found.size == 65_536 && found.rounds == 2)
        // Before, and after the rounds.
        #expect(found.dataSize == 4_194_304 && found.verifiedBytes >= 2 * found.dataSize)
        #expect(found.readsPerSecond > 0 && found.cpuSecondsPerGiB > 0)
        #expect(found.p50Nanoseconds > 0 && found.p50Nanoseconds <= found.p99Nanoseconds)
        #expect(found.p99Nanoseconds <= found.maxNanoseconds)
        if found.reference == "pread" {
          #expect(found.ratio ?? 0 > 0 && found.referenceReadsPerSecond ?? 0 > 0)
        }
      }
    }

    @Test(
      "what makes no sense is refused before anything starts",
      arguments: [
        ["--path", "ftp"], ["--size", "many"], ["--threads", "0"], ["--duration", "soon"],
        ["--path", "http", "--in-place"],
      ])
    func nonsense(arguments: [String]) async throws {
      try await blocking {
        let run = try read(arguments)
        #expect(run.status == .code(64), "\(run.errors)\(run.output)")
      }
    }
  }
}
