import DaemonDriver
import Testing

@testable import WorkerDaemon

@Suite struct RESTListingTests {
  /// Sends a change of `name`; returns its status.
  private static func post(
    _ endpoint: String, _ name: String, _ rest: RESTFixture, _ client: HTTPConnection
  ) throws -> Int {
    try client.request(
      "POST", "/v1/\(endpoint)/\(rest.id(name))?ufsFullPath=\(rest.pasted(name))&recursive=True",
      headers: [("Content-Length", "0")]
    ).status
  }

  @Test(
    "after each of its own changes a client lists what is there, while others list all the time")
  func changesAreSeen() async throws {
    try await RESTFixture.run { rest in
      let client = try rest.connect()
      #expect(try Self.post("mkdir", "d", rest, client) == 200)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          let other = try rest.connect()
          for _ in 0..<150 { _ = try other.request("GET", "/v1/files?path=\(rest.form("d"))") }
        }
        for index in 0..<40 {
          let name = "d/f\(index)"
          #expect(try client.request("GET", "/v1/info?path=\(rest.form(name))").status != 200)
          #expect(try Self.post("touch", name, rest, client) == 200)
          #expect(try client.request("GET", "/v1/info?path=\(rest.form(name))").status == 200)
          let listing = try client.request("GET", "/v1/files?path=\(rest.form("d"))").text
          #expect(listing.contains("\"f\(index)\""), "\(index)")
          guard index % 2 == 1 else { continue }
          #expect(try Self.post("rm", name, rest, client) == 200)
          let after = try client.request("GET", "/v1/files?path=\(rest.form("d"))").text
          #expect(!after.contains("\"f\(index)\""), "\(index)")
          #expect(try client.request("GET", "/v1/info?path=\(rest.form(name))").status != 200)
        }
        try await group.waitForAll()
      }
      // Directories made on the way are seen, too.
      #expect(try client.request("GET", "/v1/info?path=\(rest.form("d/p/q"))").status != 200)
      #expect(try client.request("GET", "/v1/info?path=\(rest.form("d/p"))").status != 200)
      #expect(try Self.post("mkdir", "d/p/q/r", rest, client) == 200)
      #expect(try client.request("GET", "/v1/info?path=\(rest.form("d/p"))").status == 200)
      let listing = try client.request("GET", "/v1/files?path=\(rest.form("d"))").text
      #expect(listing.contains("\"p\""))
    }
  }
}
