// A file that changes under the cache: new bytes soon, and never a mix.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Files that change")
  struct ChangedFileTests {
    @Test("a file of the same size and a new time is served new within the validity, never mixed")
    func sameSize() async throws {
      try await blocking {
        let size = 5 << 20 | 123
        let old = patterned(size, seed: 1)
        let new = patterned(size, seed: 2)
        let fixture = try Fixture(options: ["-Dalluxio.worker.ufs.status.validity=200ms"]) {
          try writeBytes(old, to: "\($0)/file")
          try setTime(of: "\($0)/file", secondsAgo: 100)
        }
        let connection = try fixture.objects()
        for _ in 0..<3 {
          #expect(identical(try connection.request("GET", "/data/file").body, old))
        }
        try writeBytes(new, to: "\(fixture.folder)/file")
        try setTime(of: "\(fixture.folder)/file", secondsAgo: 50)
        let changed = ContinuousClock.now
        var sawNew = false
        while !sawNew, ContinuousClock.now - changed < .seconds(10) {
          let body = try connection.request("GET", "/data/file").body
          sawNew = identical(body, new)
          #expect(sawNew || identical(body, old), "a body of both versions")
        }
        #expect(sawNew)
        // Once the validity has passed there is no way back.
        #expect(ContinuousClock.now - changed < .seconds(5))
        for _ in 0..<3 {
          #expect(identical(try connection.request("GET", "/data/file").body, new))
        }
      }
    }

    @Test("the entity tag changes with the content and is the same on both ports")
    func entityTag() async throws {
      try await blocking {
        let fixture = try Fixture(options: ["-Dalluxio.worker.ufs.status.validity=0s"]) {
          try writeBytes([1, 2, 3], to: "\($0)/file")
          try setTime(of: "\($0)/file", secondsAgo: 100)
        }
        let connection = try fixture.objects()
        let first = try connection.request("HEAD", "/data/file").headers["etag"]
        let again = try connection.request("GET", "/data/file").headers["etag"]
        #expect(first != nil && first == again)
        try writeBytes([4, 5, 6], to: "\(fixture.folder)/file")
        let last = try connection.request("GET", "/data/file")
        #expect(last.body == [4, 5, 6])
        #expect(last.headers["etag"] != first)
      }
    }

    @Test("a reader in the middle of a file that changes gets an error, never bytes of both")
    func midFile() async throws {
      try await blocking {
        let size = 96 << 20
        let fixture = try Fixture(options: ["-Dalluxio.worker.ufs.status.validity=10ms"]) {
          try writeBytes(Array(repeating: UInt8(ascii: "A"), count: size), to: "\($0)/file")
          try setTime(of: "\($0)/file", secondsAgo: 100)
        }
        let connection = try fixture.rest()
        try connection.sendRequest(
          "GET", "/v1/chunk/-?ufsFullPath=\(fixture.source("file"))&chunkSize=1048576",
          headers: [("transfer-type", "chunked")])
        // The head is here, so the first pages are on their way; the last ones cannot be.
        let response = try connection.receiveHead()
        #expect(response.status == 200)
        try writeBytes(
          Array(repeating: UInt8(ascii: "B"), count: size), to: "\(fixture.folder)/file")
        var received = 0
        var foreign = 0
        #expect(throws: DriverError.self, "the response must not end as if it were whole") {
          try connection.receiveBody(of: response) { part in
            received += part.count
            foreign += countOfOthers(than: UInt8(ascii: "A"), in: part)
          }
        }
        #expect(foreign == 0)
        #expect(received < size)
        // The next reader gets the new file, whole.
        let next = try fixture.rest().request(
          "GET", "/v1/chunk/-?ufsFullPath=\(fixture.source("file"))")
        #expect(next.status == 200 && next.body.count == size)
        let others = next.body.withUnsafeBytes { countOfOthers(than: UInt8(ascii: "B"), in: $0) }
        #expect(others == 0)
        fixture.expectAlive()
      }
    }

    @Test("a file that is removed is not found, and one that comes back is served")
    func removed() async throws {
      try await blocking {
        let fixture = try Fixture(options: ["-Dalluxio.worker.ufs.status.validity=0s"]) {
          try writeBytes([1, 2, 3], to: "\($0)/file")
        }
        let connection = try fixture.objects()
        #expect(try connection.request("GET", "/data/file").body == [1, 2, 3])
        removeTree("\(fixture.folder)/file")
        #expect(try connection.request("GET", "/data/file").status == 404)
        try writeBytes([7, 8], to: "\(fixture.folder)/file")
        #expect(try connection.request("GET", "/data/file").body == [7, 8])
      }
    }
  }
}

/// Sets the modification time of a file.
func setTime(of path: String, secondsAgo: Double) throws {
  try FileManager.default.setAttributes(
    [.modificationDate: Date(timeIntervalSinceNow: -secondsAgo)], ofItemAtPath: path)
}
