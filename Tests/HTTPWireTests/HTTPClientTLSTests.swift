import DaemonDriver
import FaultProxy
import Glibc
import HTTPWire
import Ring
import Testing

@Suite("HTTP client over TLS", .serialized)
struct HTTPClientTLSTests {
  @Test(
    "bodies come whole, connections are kept, sessions are resumed",
    arguments: ["TLSv1.2", "TLSv1.3"])
  func whole(protocols: String) async throws {
    try await withTLS(protocols: protocols) { (client, fixture) async throws in
      for _ in 0..<3 {
        let bytes = try await client.fetch(fixture.good, "/file")
        #expect(bytes == fixture.bytes)
      }
      let small = try await client.send(HTTPClientRequest(.head, fixture.good, target: "/file"))
      #expect(small.contentLength == Int64(fixture.bytes.count))
      #expect(client.statistics.opened == 1)
      #expect(client.statistics.resumed == 0)
      let dropped = try await client.send(HTTPClientRequest(.get, fixture.good, target: "/file"))
      _ = try await dropped.read(100_000)
      dropped.drop()
      let again = try await client.fetch(fixture.good, "/file")
      #expect(again == fixture.bytes)
      #expect(client.statistics.opened == 2)
      #expect(client.statistics.resumed == 1)
    }
  }

  @Test("an authority that is trusted no more is found out by new connections, tickets or not")
  func replacedAuthority() async throws {
    try await withTLS { (client, fixture) async throws in
      let scratch = try ScratchDirectory("tls-authority")
      let file = scratch.path("ca.pem")
      try writeBytes(try readBytes(fixture.certificates.authority.certificate), to: file)
      var options = fixture.trusting
      options.tls.caFile = file
      let own = client.with(options)
      let dropped = try await own.send(HTTPClientRequest(.get, fixture.good, target: "/file"))
      _ = try await dropped.read(100_000)
      dropped.drop()
      try writeBytes(try readBytes(fixture.certificates.otherAuthority.certificate), to: file)
      let reactor = try #require(Reactor.current)
      let deadline = reactor.now + 20_000_000_000
      var code: HTTPClientError.Code?
      while code == nil, reactor.now < deadline {
        do throws(HTTPClientError) {
          let reply = try await own.send(HTTPClientRequest(.get, fixture.good, target: "/file"))
          reply.drop()
        } catch { code = error.code }
      }
      #expect(code == .certificate)
    }
  }

  @Test("a certificate that is not to be trusted is an error of its own")
  func certificates() async throws {
    try await withTLS { (client, fixture) async throws in
      var distrusting = fixture.trusting
      distrusting.tls.caFile = fixture.certificates.otherAuthority.certificate
      var misled = fixture.trusting
      misled.tls.serverName = "elsewhere.invalid"
      let cases: [(HTTPClientOptions, HTTPOrigin, String)] = [
        (fixture.trusting, fixture.expired, "expired"),
        (fixture.trusting, fixture.elsewhere, "mismatch"),
        (distrusting, fixture.good, "unable to get local issuer"),
        (HTTPClientOptions(), fixture.good, "unable to get local issuer"),
        (misled, fixture.good, "mismatch"),
      ]
      for (options, origin, reason) in cases {
        do throws(HTTPClientError) {
          _ = try await client.with(options).fetch(origin, "/file")
          Issue.record("trusted: \(reason)")
        } catch {
          #expect(error.code == .certificate)
          #expect(error.detail.contains(reason), "\(error)")
          #expect(error.sentNothing)
        }
      }
      #expect(try await client.with(misled).fetch(fixture.elsewhere, "/file") == fixture.bytes)
      var careless = HTTPClientOptions()
      careless.tls.verifies = false
      #expect(try await client.with(careless).fetch(fixture.expired, "/file") == fixture.bytes)
    }
  }

  @Test("a server that asks for our certificate gets it")
  func ours() async throws {
    try await withTLS { (client, fixture) async throws in
      let without = try await client.send(
        HTTPClientRequest(.get, fixture.asking, target: "/file"))
      #expect(without.status == 400)
      without.drop()
      var options = fixture.trusting
      options.tls.clientCertificate = fixture.certificates.client.certificate
      options.tls.clientKey = fixture.certificates.client.key
      #expect(try await client.with(options).fetch(fixture.asking, "/file") == fixture.bytes)
    }
  }

  @Test("files that cannot be used are named")
  func files() async throws {
    try await withTLS { (client, fixture) async throws in
      let broken: [(inout TLSOptions) -> Void] = [
        { $0.caFile = "/nonexistent/ca.pem" },
        { $0.caFile = fixture.certificates.client.key },
        { $0.clientCertificate = "/nonexistent/client.pem" },
        { $0.clientCertificate = fixture.certificates.client.certificate },
        {
          $0.clientCertificate = fixture.certificates.client.certificate
          $0.clientKey = fixture.certificates.otherAuthority.certificate
        },
      ]
      for change in broken {
        var options = fixture.trusting
        change(&options.tls)
        #expect(options.tls.problem != nil)
        #expect(await clientCode { try await client.with(options).fetch(fixture.good) } == .tls)
      }
      #expect(fixture.trusting.tls.problem == nil)
      #expect(TLSOptions().problem == nil)
    }
  }

  @Test("a stream cut short is an error, wherever it is cut", arguments: [10, 1500, 100_000])
  func cut(limit: Int) async throws {
    let pool = try BlockingPool(name: "test", threads: 1)
    defer { pool.stop() }
    let fixture = try await pool.run { Result { try TLSFixture() } }.get()
    try await withClient(fixture.trusting) { peer in
      await peer.relay(to: fixture.good.port, limit: limit)
    } _: { (client, origin) async throws in
      let secure = HTTPOrigin(isSecure: true, host: origin.host, port: origin.port)
      let code = await clientCode { try await client.fetch(secure, "/file") }
      #expect(code == (limit < 10_000 ? .reset : .truncated))
      #expect(client.statistics.open == 0)
    }
  }

  @Test("a server that speaks no TLS, or nothing, is an error in time")
  func notTLS() async throws {
    try await withClient(options { $0.connectTimeout = .milliseconds(200) }) { peer in
      if peer.number == 0 { await peer.send("HTTP/1.1 400 Bad Request\r\n\r\n") }
      await peer.untilGone()
    } _: { (client, origin) async throws in
      let secure = HTTPOrigin(isSecure: true, host: origin.host, port: origin.port)
      #expect(await clientCode { try await client.fetch(secure) } == .tls)
      #expect(await clientCode { try await client.fetch(secure) } == .timeout)
      #expect(client.statistics.open == 0)
    }
  }

  @Test("a proxy leads to the server, which is then spoken to in secret")
  func tunnel() async throws {
    let pool = try BlockingPool(name: "test", threads: 1)
    defer { pool.stop() }
    let fixture = try await pool.run { Result { try TLSFixture() } }.get()
    try await withClient(fixture.trusting) { peer in
      guard let head = await peer.head() else { return }
      let isKnown = head.hasPrefix("CONNECT 127.0.0.1:\(fixture.good.port) HTTP/1.1\r\n")
      await peer.send("HTTP/1.1 \(isKnown ? "200 Go" : "403 No") on\r\n\r\n")
      if isKnown { await peer.relay(to: fixture.good.port) }
    } _: { (client, origin) async throws in
      var options = fixture.trusting
      options.proxy = HTTPProxy(host: origin.host, port: origin.port)
      let proxied = client.with(options)
      #expect(try await proxied.fetch(fixture.good, "/file") == fixture.bytes)
      #expect(await clientCode { try await proxied.fetch(fixture.expired) } == .connect)
      proxied.closeIdle()
    }
  }
}
