import DaemonDriver
import FaultProxy
import RPC
import Ring
import Testing

@Suite("RPC server and the public client", .serialized)
struct RPCServerTests {
  @Test("every check of the public client passes over TCP")
  func tcp() async throws {
    try await withBench { bench in try await check(bench, []) }
  }

  @Test("every check of the public client passes with two queues")
  func twoQueues() async throws {
    try await withBench(threads: 2) { bench in try await check(bench, []) }
  }

  @Test("every check of the public client passes over a Unix socket")
  func unixSocket() async throws {
    try await withBench({ RPCServerOptions(addresses: [.unix(path: $0.path("socket"))]) }) {
      bench in try await check(bench, [])
    }
  }

  @Test("every check of the public client passes over TLS")
  func tls() async throws {
    let certificates = try TestCertificates()
    let authority = certificates.authority.certificate
    try await withBench({ _ in secure(certificates, demands: false) }) { bench in
      try await check(bench, [authority])
    }
  }

  @Test("every check of the public client passes over mutual TLS")
  func mutualTLS() async throws {
    let certificates = try TestCertificates()
    let files = [
      certificates.authority.certificate, certificates.client.certificate, certificates.client.key,
    ]
    try await withBench({ _ in secure(certificates, demands: true) }) { bench in
      try await check(bench, files)
    }
  }

  /// Runs `grpc_checks.py`; all but the canary pass.
  private func check(_ bench: RPCBench, _ files: [String]) async throws {
    let target = bench.target
    let run = try await bench.pool.run {
      Result { () throws(DriverError) in
        let environment = try pythonForGRPC.get()
        return try CommandRun(
          [environment.python, "\(environment.scripts)/grpc_checks.py", target] + files,
          limit: .seconds(240))
      }
    }.get()
    let lines = run.output.split(separator: "\n")
    let failed = lines.filter { $0.hasPrefix("FAIL ") }
    #expect(failed.count == 1, "\(failed.joined(separator: "\n"))\n\(run.errors)")
    #expect(failed.first?.hasPrefix("FAIL a_wrong_byte_would_be_noticed") == true)
    #expect(lines.count { $0.hasPrefix("ok ") } == 17, "\(run.output)")
    await bench.settle()
  }
}

/// Options of a server with TLS.
func secure(_ certificates: TestCertificates, demands: Bool) -> RPCServerOptions {
  RPCServerOptions(
    addresses: [.tcp(host: "127.0.0.1", port: 0)],
    tls: RPCTLSOptions(
      authoritiesFile: demands ? certificates.authority.certificate : nil,
      certificateFile: certificates.server.certificate, keyFile: certificates.server.key,
      demandsClientCertificate: demands))
}
