import Glibc
import HTTPWire
import Ring
import Synchronization
import Testing

@Suite("HTTP client and the addresses of hosts", .serialized)
struct HTTPClientAddressTests {
  private static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

  /// Runs `body` with a client whose names are those of `names`, and the port of a server on 127.0.0.1.
  private func withNames(
    _ names: @escaping HostResolver.Lookup,
    _ body: @escaping @Sendable (HTTPClient, UInt16) async throws -> Void
  ) async throws {
    let pool = try BlockingPool(name: "test", threads: 1)
    defer { pool.stop() }
    try await withClient {
      await $0.answerAll(Self.hello)
    } _: { (_, origin) async throws in
      let client = HTTPClient(
        reactors: 2, options: options { $0.connectTimeout = .seconds(2) },
        resolver: HostResolver(pool: pool, lookup: names))
      try await body(client, origin.port)
      client.closeIdle()
    }
  }

  @Test("a name without an address is an error of its own, and nothing was sent")
  func unknown() async throws {
    try await withNames { _ in
      .failure(HostResolver.Failure("no such name"))
    } _: { (client, port) async throws in
      do throws(HTTPClientError) {
        _ = try await client.fetch(HTTPOrigin(isSecure: false, host: "store", port: port))
        Issue.record("it was found")
      } catch {
        #expect(error.code == .resolve)
        #expect(error.detail == "store: no such name")
        #expect(error.sentNothing)
      }
      #expect(client.statistics.opened == 0)
    }
  }

  @Test("addresses are tried in turn, one that failed last for a while")
  func turns() async throws {
    try await withNames { _ in
      .success(["127.0.0.9", "127.0.0.1"])
    } _: { (client, port) async throws in
      let origin = HTTPOrigin(isSecure: false, host: "store", port: port)
      for _ in 0..<6 {
        let reply = try await client.send(HTTPClientRequest(.get, origin, target: "/"))
        reply.drop()
      }
      #expect(client.statistics.opened == 6)
      // The first request meets the bad one; those after it know.
      #expect(client.statistics.connectFailures == 1)
    }
  }
}
