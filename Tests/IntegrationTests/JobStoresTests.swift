// Jobs from store to store: S3 to S3 through the daemon, against a public S3 server.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Jobs between S3 stores")
  struct JobStoresTests {
    private static let count = 40

    private static func bytes(_ index: Int) -> [UInt8] {
      // The largest needs more than one part of an upload.
      patterned(index == 0 ? 11 << 20 : 1000 + index, seed: index)
    }

    private static func fixture(_ store: MotoStore) throws -> JobFixture {
      for index in 0..<count { try store.put("src/set/d\(index % 3)/f\(index)", bytes(index)) }
      return try JobFixture(
        options: ["--mount", store.mount("src"), "--mount", store.mount("dst")],
        variables: store.variables
      ) { _ in }
    }

    @Test("a copy from bucket to bucket is whole and exact, and a second one finds nothing to do")
    func copy() async throws {
      try await blocking {
        let store = try MotoStore(buckets: ["src", "dst"])
        let fixture = try Self.fixture(store)
        let run = try fixture.job(
          "copy", "--src", "s3://src/set", "--dst", "s3://dst/copy", "--submit", "--watch",
          "--check-content")
        #expect(run.succeeded, "\(run.output)\(run.errors)\(fixture.daemon.logText.suffix(2000))")
        #expect(run.output.contains("\tFiles Succeeded: \(Self.count)\n"), "\(run.output)")
        for index in 0..<Self.count {
          let name = "d\(index % 3)/f\(index)"
          let isWhole = identical(try store.get("dst/copy/\(name)") ?? [], Self.bytes(index))
          #expect(isWhole, "\(name)")
          #expect(try store.get("src/set/\(name)") != nil)
        }
        let again = try fixture.job(
          "copy", "--src", "/src/set", "--dst", "/dst/copy", "--submit", "--watch",
          "--check-content")
        #expect(again.succeeded, "\(again.output)")
        #expect(again.output.contains("\tFiles Skipped: \(Self.count)\n"), "\(again.output)")
      }
    }

    @Test(
      "a move from bucket to bucket deletes a source once its copy is there, and counts exactly")
    func move() async throws {
      try await blocking {
        let store = try MotoStore(buckets: ["src", "dst"])
        let fixture = try Self.fixture(store)
        try store.put("dst/moved/d1/f1", [1, 2, 3])
        func move(_ more: String...) throws -> CommandRun {
          try CommandRun(
            [
              Binaries.penstock, "job", "move", "--src", "/src/set", "--dst", "/dst/moved",
              "--submit", "--watch", "--coordinator", "127.0.0.1:\(fixture.web)",
            ] + more)
        }
        // One target has other content: it stays, and so does its source.
        let first = try move()
        #expect(first.status == .code(255), "\(first.output)\(first.errors)")
        #expect(first.output.contains("\tFiles Succeeded: \(Self.count - 1)\n"), "\(first.output)")
        #expect(first.output.contains("\tFiles Failed: 1\n"), "\(first.output)")
        #expect(try store.get("dst/moved/d1/f1") == [1, 2, 3])
        #expect(try store.get("src/set/d1/f1") != nil)
        let second = try move("--overwrite", "if-different")
        #expect(second.succeeded, "\(second.output)\(second.errors)")
        #expect(second.output.contains("\tFiles Succeeded: 1\n"), "\(second.output)")
        for index in 0..<Self.count {
          let name = "d\(index % 3)/f\(index)"
          let isWhole = identical(try store.get("dst/moved/\(name)") ?? [], Self.bytes(index))
          #expect(isWhole, "\(name)")
          #expect(try store.get("src/set/\(name)") == nil, "\(name)")
        }
      }
    }
  }
}
