// The servers that are measured, each pinned to one CPU with one worker.

import BenchSupport
import DaemonDriver
import Glibc

/// One running server.
final class BenchServer {
  /// What the tables call it.
  let name: String
  /// Where it listens.
  let port: UInt16
  private let daemon: DaemonProcess?
  private let process: ChildProcess

  private init(name: String, port: UInt16, process: ChildProcess, daemon: DaemonProcess? = nil) {
    self.name = name
    self.port = port
    self.process = process
    self.daemon = daemon
  }

  deinit { process.stop() }

  /// CPU seconds the server used so far.
  var cpuSeconds: Double { ProcessFacts.cpuSeconds(process.pid) }

  /// Starts penstockd with one ring.
  static func penstock(
    _ executable: String, data: ServedData, cpu: Int
  ) throws(DriverError) -> BenchServer {
    let daemon = try DaemonProcess(
      executable, ports: .free(),
      options: [
        "--mount", "/bench=file://\(data.folder)", "-Dalluxio.worker.reactor.count=1",
        "-Dalluxio.worker.page.store.type=MEM", "-Dalluxio.worker.page.store.sizes=1GiB",
      ], prefix: ["taskset", "-c", "\(cpu)"])
    return BenchServer(
      name: "penstock", port: daemon.ports.object, process: daemon.process, daemon: daemon)
  }

  /// Starts nginx with one worker and the given settings.
  static func nginx(
    _ name: String, settings: String, data: ServedData, cpu: Int
  ) throws(DriverError) -> BenchServer {
    let port = try PortHolder().port
    let base = data.path(name.replacing(" ", with: "-"))
    try makeDirectories(base)
    let configuration = """
      worker_processes 1; daemon off; pid \(base)/pid; error_log \(base)/error.log;
      worker_rlimit_nofile 65536;
      events { worker_connections 16384; }
      http {
        access_log off; keepalive_requests 1000000000; keepalive_timeout 600; open_file_cache max=1024;
        client_body_temp_path \(base)/body; proxy_temp_path \(base)/proxy;
        fastcgi_temp_path \(base)/fastcgi; uwsgi_temp_path \(base)/uwsgi; scgi_temp_path \(base)/scgi;
        \(settings)
        server {
          listen 127.0.0.1:\(port) backlog=4096;
          location /bench/ { alias \(data.folder)/; }
        }
      }
      """
    try writeBytes(Array(configuration.utf8), to: "\(base)/nginx.conf")
    let user = getuid() == 0 ? ["-g", "user root;"] : []
    let process = try ChildProcess(
      ["taskset", "-c", "\(cpu)", "nginx", "-e", "\(base)/error.log", "-c", "\(base)/nginx.conf"]
        + user,
      output: "\(base)/out", errors: "\(base)/out")
    let server = BenchServer(name: name, port: port, process: process)
    for _ in 0..<1000 {
      if (try? HTTPConnection(port: port, seconds: 1)) != nil { return server }
      guard process.wait(.milliseconds(5)) == nil else { break }
    }
    throw .program("nginx did not start: \((try? readText("\(base)/out")) ?? "")")
  }
}
