import DaemonDriver
import Foundation
import Model
import Testing

@testable import UFS

/// The parent of every suite that uses the one HDFS, so that they run one after the other.
@Suite("A directory of a real HDFS", .serialized)
struct HDFSUFSTests {
  @Test("keeps every promise of an under file system", arguments: UFSContract.cases)
  func contract(promise: UFSContract.Case) async throws {
    let server = try await HDFSServer.running
    try await UFSContract.run(promise) {
      UFSSubject(fileSystem: try await server.fileSystem(), keepAlive: server)
    }
  }

  @Test("sorts names of all bytes, and goes on after each of them")
  func sorted() async throws {
    let server = try await HDFSServer.running
    try await Bench.run { () async throws in
      let subject = UFSSubject(fileSystem: try await server.fileSystem(), keepAlive: server)
      let files = ["a!", "a-b", "a0", "aé", "é", "éa", "日本", "z", "aéz", "a\u{7F}"]
      for path in files { try await subject.put(path, []) }
      for path in ["a", "aé!", "é-"] {
        _ = try await subject.fileSystem.makeDirectory(path, recursive: false)
      }
      let keys = (files + ["a/", "aé!/", "é-/"]).sorted { isBefore($0, $1) }
      for max in [1, 3, 100] {
        #expect(try await subject.entries("", order: .sorted, max: max).map(\.sortKey) == keys)
      }
      for (index, key) in keys.enumerated() {
        let options = UFSListing(order: .sorted, after: UFSCursor(token: key))
        let rest = try await subject.drain(try await subject.fileSystem.list("", options))
        #expect(rest.flatMap(\.entries).map(\.sortKey) == Array(keys[(index + 1)...]), "\(key)")
      }
    }
  }
}
