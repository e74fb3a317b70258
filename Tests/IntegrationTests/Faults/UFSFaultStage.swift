// A worker, a proxy that spoils what passes, and nginx as an S3-compatible store behind it.

import DaemonDriver
import FaultProxy
import Foundation
import Testing

/// penstockd ── FaultProxy ── nginx over a folder with the bucket `b`, mounted at `/s3`.
final class UFSFaultStage: Sendable {
  /// A secret that nothing may show.
  static let secret = "wJalr-secret-of-this-test-EXAMPLEKEY"
  static let keyID = "AKIATHISTESTKNOWS"

  /// The origin's folder.
  let root: String
  let proxy: FaultProxy
  nonisolated(unsafe) let daemon: DaemonProcess
  nonisolated(unsafe) private let origin: NginxOrigin
  private let store: RcloneStore?
  private let scratch: ScratchDirectory

  /// Starts everything; `listing` answers what is asked of the bucket itself, and with `checksSignatures` rclone is the
  /// store instead of nginx.
  init(
    options: [String: String] = [:], settings: [String] = [], listing: UInt16? = nil,
    endpoint: String? = nil, certificate: TestCertificates.Pair? = nil,
    checksSignatures: Bool = false,
    prepare: (String) throws -> Void = { _ in }
  ) throws {
    scratch = try ScratchDirectory("ufsfaults")
    root = scratch.path("root")
    try makeDirectories("\(root)/b")
    try prepare("\(root)/b")
    var nginx = NginxOrigin.Options()
    nginx.listingPort = listing
    nginx.certificate = certificate
    origin = try NginxOrigin(folder: root, options: nginx)
    store = checksSignatures ? try RcloneStore(root) : nil
    proxy = try FaultProxy(originPort: store?.port ?? origin.port)
    var all = [
      "alluxio.underfs.s3.endpoint": endpoint ?? "http://127.0.0.1:\(proxy.port)",
      "alluxio.underfs.s3.disable.dns.buckets": "true", "alluxio.underfs.s3.region": "us-east-1",
      "alluxio.underfs.s3.socket.timeout": "1s", "alluxio.underfs.s3.request.timeout": "8s",
    ]
    if certificate != nil {
      all["alluxio.underfs.s3.endpoint"] = "https://localhost:\(origin.port)"
    }
    all.merge(options) { $1 }
    let mount = (["/s3=s3://b"] + all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
    daemon = try DaemonProcess(
      Binaries.penstockd, ports: .free(),
      options: ["--mount", mount.joined(separator: ",")] + Fixture.memory + settings,
      variables: ["AWS_ACCESS_KEY_ID": Self.keyID, "AWS_SECRET_ACCESS_KEY": Self.secret])
    guard endpoint == nil, certificate == nil else { return }
    // The worker asks the store once by itself; what tests do to requests is not meant for that.
    let isAsked = eventually(.seconds(20)) {
      let counters = proxy.counters
      return counters.requests > 0 && counters.inFlight == 0
    }
    guard isAsked else {
      throw DriverError.program("the worker did not ask its store at the start")
    }
  }

  /// The port of the origin itself.
  var originPort: UInt16 { origin.port }

  /// Adds an object.
  func put(_ key: String, _ bytes: [UInt8]) throws {
    let path = "\(root)/b/\(key)"
    // By rename, as stores replace: whoever reads the old one goes on reading it.
    try writeBytes(bytes, to: path + ".new")
    guard rename(path + ".new", path) == 0 else { throw DriverError.program("rename \(path)") }
  }

  /// Reads an object through the worker; nil status when the body ended early.
  func get(_ key: String, seconds: Int = 60) throws -> (status: Int?, body: [UInt8]) {
    try readObject("/s3/\(key)", port: daemon.ports.object, seconds: seconds)
  }

  /// Submits a load and waits for its end; returns its state.
  func load(_ path: String) throws -> String {
    let submitted = try submit(path)
    guard submitted.contains("\"success\":true") else { return submitted }
    return try end(ofLoad: path)
  }

  /// Submits a load; returns the answer.
  func submit(_ path: String) throws -> String { try ask("submit", path) }

  private func ask(_ operation: String, _ path: String) throws -> String {
    let connection = try HTTPConnection(port: daemon.ports.rest, seconds: 120)
    return try connection.request(
      "GET", "/v1/load?path=\(percentEncoded(path: path))&opType=\(operation)&progressFormat=JSON"
    ).text
  }

  /// Waits for the end of a load; returns its state.
  func end(ofLoad path: String) throws -> String {
    var state = ""
    let ended = try eventually(.seconds(120)) {
      let report = try ask("progress", path)
      state = report
      return !report.contains("\"jobState\":\"RUNNING\"")
        && !report.contains("\"jobState\":\"VERIFYING\"")
    }
    return ended ? state : "still running: \(state)"
  }

  /// The worker is there and ready.
  func expectAlive(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
      daemon.process.isRunning, "\(daemon.process.status?.description ?? ""): \(daemon.logText)",
      sourceLocation: sourceLocation)
    #expect(isReady(daemon.ports.web), sourceLocation: sourceLocation)
  }
}

/// Reads an object through the worker at `port`; nil status when the body ended early.
func readObject(
  _ target: String, port: UInt16, seconds: Int = 60
) throws -> (status: Int?, body: [UInt8]) {
  let connection = try HTTPConnection(port: port, seconds: seconds)
  try connection.sendRequest("GET", target)
  let response = try connection.receiveHead()
  let received = Received()
  do throws(DriverError) {
    try connection.receiveBody(of: response) { received.bytes.append(contentsOf: $0) }
  } catch {
    guard error.isEnd else { throw error }
    return (nil, received.bytes)
  }
  return (response.status, received.bytes)
}

private final class Received { var bytes: [UInt8] = [] }

extension DriverError {
  /// Whether the peer ended the connection, in order or not.
  fileprivate var isEnd: Bool {
    switch self {
    case .closed: true
    case .system(_, let code): code == ECONNRESET
    case .timedOut, .malformed, .program: false
    }
  }
}

/// rclone as an S3 server over a folder: it lists, and refuses wrong signatures.
final class RcloneStore: Sendable {
  let port: UInt16
  nonisolated(unsafe) private let process: ChildProcess
  private let scratch: ScratchDirectory

  init(_ folder: String) throws {
    let environment = try PythonEnvironment("requirements-s3.txt")
    scratch = try ScratchDirectory("rclone")
    process = try ChildProcess(
      [
        environment.python, "\(environment.scripts)/s3_server.py", "rclone",
        "\(environment.programs)/rclone", folder, UFSFaultStage.keyID, UFSFaultStage.secret,
      ], output: scratch.path("out"), errors: scratch.path("err"))
    var found: UInt16?
    for _ in 0..<1000 where found == nil {
      let lines = try readText(scratch.path("out")).split(separator: "\n")
      found = lines.first { $0.hasPrefix("PORT ") }.flatMap { UInt16($0.dropFirst(5)) }
      if found == nil, process.wait(.milliseconds(20)) != nil { break }
    }
    guard let found else {
      throw DriverError.program("rclone did not start: \(try readText(scratch.path("err")))")
    }
    port = found
  }
}
