// A real TLS server with certificates of every kind, for one test.

import DaemonDriver
import FaultProxy
import HTTPWire
import Ring

/// nginx with four servers: a good certificate, an expired one, one for another host, and one that asks clients for theirs.
struct TLSFixture: Sendable {
  let nginx: NginxProcess
  // Made once, then only read.
  nonisolated(unsafe) let certificates: TestCertificates
  /// What `/file` holds.
  let bytes: [UInt8]

  var good: HTTPOrigin { origin(0) }
  var expired: HTTPOrigin { origin(1) }
  var elsewhere: HTTPOrigin { origin(2) }
  var asking: HTTPOrigin { origin(3) }

  /// Blocks while certificates are made and the server starts.
  init(protocols: String = "TLSv1.2 TLSv1.3") throws {
    let bytes = TestHandler.pattern(3 << 20)
    let certificates = try TestCertificates()
    let pairs = [
      certificates.server, certificates.expired, certificates.otherHost, certificates.server,
    ]
    let authority = certificates.authority.certificate
    self.certificates = certificates
    self.bytes = bytes
    nginx = try NginxProcess(portCount: 4) { ports, scratch throws(DriverError) in
      try writeBytes(bytes, to: scratch.path("file"))
      return zip(ports, pairs).enumerated().map { index, pair in
        """
        server {
          listen 127.0.0.1:\(pair.0) ssl; root \(scratch.path); ssl_protocols \(protocols);
          ssl_certificate \(pair.1.certificate); ssl_certificate_key \(pair.1.key);
          \(index == 3 ? "ssl_client_certificate \(authority); ssl_verify_client on;" : "")
        }
        """
      }.joined(separator: "\n")
    }
  }

  private func origin(_ index: Int, host: String = "127.0.0.1") -> HTTPOrigin {
    HTTPOrigin(isSecure: true, host: host, port: nginx.ports[index])
  }

  /// Options that trust the authority.
  var trusting: HTTPClientOptions {
    var options = HTTPClientOptions()
    options.tls.caFile = certificates.authority.certificate
    return options
  }
}

/// Runs `body` with a fixture and a client that trusts its authority, on a ring.
func withTLS(
  protocols: String = "TLSv1.2 TLSv1.3",
  _ body: @escaping @Sendable (HTTPClient, TLSFixture) async throws -> Void
) async throws {
  let pool = try BlockingPool(name: "test", threads: 1)
  defer { pool.stop() }
  let fixture = try await pool.run { Result { try TLSFixture(protocols: protocols) } }.get()
  try await withClient(fixture.trusting) {
    await $0.untilGone()
  } _: { client, _ in
    try await body(client, fixture)
  }
}

extension ScriptedPeer {
  /// Passes bytes on to `port` of loopback and back, of those that come back at most `limit`.
  func relay(to port: UInt16, limit: Int = .max) async {
    let far = await reactor.connect(to: .ip("127.0.0.1", port: port), within: .seconds(5))
    guard far >= 0 else { return }
    let there = ScriptedPeer(reactor: reactor, fd: far, number: number)
    reactor.spawn {
      _ = await pump(to: there, limit: .max)
      there.endSending()
    }
    _ = await there.pump(to: self, limit: limit)
    endSending()
    if limit < .max { closeBoth() }
    await untilGone()
    await reactor.close(far)
  }

  /// Moves bytes until this end closes or `limit` is reached.
  private func pump(to other: ScriptedPeer, limit: Int) async -> Int {
    let size = 16 << 10
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { unsafe buffer.deallocate() }
    var moved = 0
    while moved < limit {
      let got = await unsafe reactor.receive(fd, into: buffer)
      guard got > 0 else { return moved }
      let count = min(Int(got), limit - moved)
      guard await other.send(unsafe Array(buffer[..<count])) else { return moved }
      moved += count
    }
    return moved
  }
}
