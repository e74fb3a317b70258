// nginx as a child process on loopback: a real HTTP server for tests.

import Glibc

/// A running nginx; stopped when this goes away.
// SAFETY: the process is only started, asked for its port and stopped; by one owner at a time.
@safe package final class NginxProcess: @unchecked Sendable {
  /// How nginx is run.
  package struct Tuning: Sendable {
    /// Processes and modules.
    package var main = "worker_processes 1; master_process off;"
    /// How a process waits.
    package var events = "worker_connections 1024;"
    /// Settings of every server.
    package var http = ""

    /// One process for the few connections of a test.
    package init() {}
  }

  /// Ports that its servers listen on.
  package let ports: [UInt16]
  /// A folder of its own for configuration, logs and files to serve.
  package let scratch: ScratchDirectory
  private let process: ChildProcess

  /// Starts nginx with the `servers` blocks that `configure` writes for `portCount` free ports and the scratch folder.
  ///
  /// Blocks until every port takes connections.
  package init(
    portCount: Int = 1, tuning: Tuning = Tuning(),
    _ configure: ([UInt16], ScratchDirectory) throws(DriverError) -> String
  ) throws(DriverError) {
    scratch = try ScratchDirectory("nginx")
    var holders: [PortHolder] = []
    // Held open together, so that they differ.
    for _ in 0..<portCount { holders.append(try PortHolder()) }
    ports = holders.map(\.port)
    let servers = try configure(ports, scratch)
    holders = []
    let base = scratch.path
    let configuration = Self.configuration(base, tuning, servers)
    try writeBytes(Array(configuration.utf8), to: "\(base)/nginx.conf")
    let user = getuid() == 0 ? ["-g", "user root;"] : []
    do throws(DriverError) {
      process = try ChildProcess(
        ["nginx", "-e", "\(base)/error.log", "-c", "\(base)/nginx.conf"] + user,
        output: "\(base)/out", errors: "\(base)/out")
    } catch {
      throw .program("\(error); scripts/install-deps test installs nginx-light")
    }
    for port in ports { try waitForPort(port) }
  }

  deinit { process.stop() }

  /// Ends it before its time.
  package func stop() { process.stop() }

  private func waitForPort(_ port: UInt16) throws(DriverError) {
    for _ in 0..<2000 {
      if (try? HTTPConnection(port: port, seconds: 1)) != nil { return }
      guard process.wait(.milliseconds(5)) == nil else { break }
    }
    let said = (try? readText(scratch.path("out"))) ?? ""
    throw .program(
      "nginx did not start: \(said)\((try? readText(scratch.path("error.log"))) ?? "")")
  }

  private static func configuration(
    _ base: String, _ tuning: Tuning, _ servers: String
  ) -> String {
    """
    \(tuning.main) daemon off; pid \(base)/pid; error_log \(base)/error.log;
    events { \(tuning.events) }
    http {
      access_log off; keepalive_requests 1000000000; client_max_body_size 0;
      client_body_temp_path \(base)/body; proxy_temp_path \(base)/proxy;
      fastcgi_temp_path \(base)/fastcgi; uwsgi_temp_path \(base)/uwsgi; scgi_temp_path \(base)/scgi;
      \(tuning.http)
      \(servers)
    }
    """
  }
}
