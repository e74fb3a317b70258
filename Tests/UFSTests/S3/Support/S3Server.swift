// Real S3 servers for tests: started once per process, ended with it.

import DaemonDriver
import HTTPWire
import Ring
import Synchronization
import Testing

@testable import UFS

/// A server process on loopback.
final class S3Server: Sendable {
  /// The access key that it knows.
  static let keyID = "penstock"
  /// The key's secret.
  static let secret = "s3cr3t-of-the-tests"

  /// moto: the whole API, in memory; does not look at signatures.
  private static let motoServer = Result { () throws(DriverError) in
    try S3Server { (environment) throws(DriverError) in ["moto"] }
  }
  /// Another one, for uploads: a part of 5 MiB waits behind everybody's requests for longer than a deadline.
  private static let uploadServer = Result { () throws(DriverError) in
    try S3Server { (environment) throws(DriverError) in ["moto"] }
  }
  /// rclone over a folder: checks signatures, and answers ranges with 200.
  private static let rcloneServer = Result { () throws(DriverError) in
    let folder = try ScratchDirectory("rclone")
    return try S3Server(keeping: folder) { (environment) throws(DriverError) in
      ["rclone", "\(environment.programs)/rclone", folder.path, keyID, secret]
    }
  }

  /// The TCP port.
  let port: Int
  nonisolated(unsafe) private let process: ChildProcess
  private let scratch: ScratchDirectory
  private let folder: ScratchDirectory?

  /// Starts a server; blocks until it says its port.
  private init(
    keeping folder: ScratchDirectory? = nil,
    _ arguments: (PythonEnvironment) throws(DriverError) -> [String]
  ) throws(DriverError) {
    let environment = try PythonEnvironment("requirements-s3.txt")
    scratch = try ScratchDirectory("s3-server")
    self.folder = folder
    process = try ChildProcess(
      [environment.python, "\(environment.scripts)/s3_server.py"] + arguments(environment),
      output: scratch.path("out"), errors: scratch.path("err"))
    var found: Int?
    for _ in 0..<3000 where found == nil {
      let text = try readText(scratch.path("out"))
      if let line = text.split(separator: "\n").first(where: { $0.hasPrefix("PORT ") }) {
        found = Int(line.dropFirst(5))
      } else if let status = process.wait(.milliseconds(20)) {
        throw DriverError.program(
          "the S3 server ended with \(status): \(try readText(scratch.path("err")))")
      }
    }
    guard let found else { throw DriverError.program("the S3 server says no port") }
    port = found
  }

  /// moto.
  static func moto() async throws -> S3Server {
    try await (try Bench.pool).run { motoServer }.get()
  }

  /// moto, which only large uploads ask.
  static func motoForUploads() async throws -> S3Server {
    try await (try Bench.pool).run { uploadServer }.get()
  }

  /// rclone.
  static func rclone() async throws -> S3Server {
    try await (try Bench.pool).run { rcloneServer }.get()
  }
}

/// What all S3 mounts of the tests share, and how they are made.
enum S3Bench {
  private static let shared = Result { () throws -> UFSEnvironment in
    try Bench.environment()
  }
  private static let bucketCount = Mutex(0)

  /// The environment.
  static var environment: UFSEnvironment { get throws { try shared.get() } }

  /// A UFS at `uri` on `port`, with further options.
  static func fileSystem(
    _ uri: String, port: Int, _ options: [String: String] = [:],
    variables: [String: String] = [:], in environment: UFSEnvironment? = nil
  ) throws -> S3UFS {
    var all = [
      "alluxio.underfs.s3.endpoint": "http://127.0.0.1:\(port)", "s3a.accessKeyId": S3Server.keyID,
      "s3a.secretKey": S3Server.secret,
    ]
    all.merge(options) { $1 }
    all = all.filter { !$0.value.isEmpty }
    return try S3UFS(
      try UFSURI(parsing: uri),
      MountSpecification(alluxioPath: "/s3", uri: uri, options: all),
      try environment ?? self.environment,
      variables: CredentialEnvironment(variables))
  }

  /// An empty bucket on `server`, or a prefix in one.
  static func subject(
    _ server: S3Server, prefix: String = "", _ options: [String: String] = [:]
  ) async throws -> UFSSubject {
    let number = bucketCount.withLock { count in
      count += 1
      return count
    }
    let bucket = "bucket-\(number)"
    let uri = prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)"
    let fileSystem = try fileSystem(uri, port: server.port, options)
    let request = S3Request(.put, key: nil, operation: "test.bucket", path: uri)
    _ = try await fileSystem.requester.performEmpty(request)
    return UFSSubject(
      fileSystem: fileSystem, keepAlive: server,
      // moto routes requests by patterns that end at a line's end.
      impossibleNames: ["new\nline"])
  }
}
