// A worker over a web server, by TLS and with a credential.

import DaemonDriver
import FaultProxy
import Foundation
import Testing

extension Integration {
  @Suite("A web server behind a worker")
  struct WebMountTests {
    @Test("its files are served cold and warm, and the credential is seen nowhere")
    func wholePath() async throws {
      try await blocking {
        let content = patterned(3 << 20 | 4321, seed: 11)
        let certificates = try TestCertificates()
        let nginx = try NginxProcess { ports, scratch throws(DriverError) in
          try makeDirectories(scratch.path("files"))
          try writeBytes(content, to: scratch.path("files/a file"))
          // Long ago: a file just written is served and not cached.
          var then = [timeval(tv_sec: 1_700_000_000, tv_usec: 0)]
          then.append(then[0])
          _ = utimes(scratch.path("files/a file"), then)
          try writeBytes(Array("Bearer s3cret\n".utf8), to: scratch.path("credential"))
          return """
            server {
              listen 127.0.0.1:\(ports[0]) ssl; root \(scratch.path("files"));
              ssl_certificate \(certificates.server.certificate);
              ssl_certificate_key \(certificates.server.key);
              if ($http_authorization != "Bearer s3cret") { return 401; }
            }
            """
        }
        let root = "https://127.0.0.1:\(nginx.ports[0])"
        let mount = [
          "/web=\(root)", "ca.file=\(certificates.authority.certificate)",
          "authorization.file=\(nginx.scratch.path("credential"))",
        ]
        let daemon = try DaemonProcess(
          Binaries.penstockd, ports: try .free(),
          options: ["--mount", mount.joined(separator: ",")] + Fixture.memory)
        let objects = try HTTPConnection(port: daemon.ports.object)
        for pass in ["cold", "warm"] {
          let reply = try objects.request("GET", "/web/a%20file")
          #expect(reply.status == 200, "\(pass)")
          #expect(identical(reply.body, content), "\(pass)")
        }
        #expect((try daemon.metric("alluxio_cached_data_read_bytes_total") ?? 0) > 0)
        let missing = try objects.request("GET", "/web/missing")
        #expect(missing.status == 404)

        nginx.stop()
        let lost = try objects.request("GET", "/web/other")
        #expect(lost.status == 503)
        let web = try HTTPConnection(port: daemon.ports.web)
        let metrics = try web.request("GET", "/metrics")
        let places = [
          daemon.logText, String(decoding: metrics.body, as: UTF8.self),
          String(decoding: missing.body + lost.body, as: UTF8.self),
          try readText("/proc/\(daemon.process.pid)/cmdline"),
        ]
        for text in places { #expect(!text.contains("s3cret")) }
      }
    }
  }
}
