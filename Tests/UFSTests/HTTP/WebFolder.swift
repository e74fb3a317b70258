// A web server's files to test.

import DaemonDriver
import FaultProxy
import Glibc
import HTTPWire
import Model
import Ring
import Synchronization
import Testing

@testable import UFS

/// A real nginx over a folder, and files put there behind its back.
final class WebFolder: Sendable {
  let nginx: NginxProcess
  private let count = Mutex<Int64>(0)

  /// Starts nginx; `locations` go into its server block, `others` beside it.
  ///
  /// Blocks.
  init(
    portCount: Int = 1, locations: String = "",
    others: ([UInt16], String) -> String = { _, _ in "" }
  ) throws(DriverError) {
    nginx = try NginxProcess(portCount: portCount) { ports, scratch throws(DriverError) in
      try makeDirectories(scratch.path("files"))
      return """
        server { listen 127.0.0.1:\(ports[0]); root \(scratch.path("files")); \(locations) }
        \(others(ports, scratch.path("files")))
        """
    }
  }

  /// As `init`, without blocking a ring.
  static func make(
    portCount: Int = 1, locations: String = "",
    others: @escaping @Sendable ([UInt16], String) -> String = { _, _ in "" }
  ) async throws -> WebFolder {
    try await Bench.pool.run {
      Result { () throws(DriverError) in
        try WebFolder(portCount: portCount, locations: locations, others: others)
      }
    }.get()
  }

  /// Puts a file in one step; each has another modification time, all of them long ago.
  func put(_ path: String, _ bytes: [UInt8]) throws {
    let seconds = count.withLock { count in
      count += 1
      return 1_700_000_000 + count
    }
    let target = "\(nginx.scratch.path("files"))/\(path)"
    let new = nginx.scratch.path("new")
    if let folder = splitPath(target)?.directory { try makeDirectories(folder) }
    try writeBytes(bytes, to: new)
    let time = timespec(tv_sec: Int(seconds), tv_nsec: 0)
    try #require(unsafe utimensat(AT_FDCWD, new, [time, time], 0) == 0)
    try #require(unsafe rename(new, target) == 0)
  }

  /// The UFS of what lies below `path` of the server on `port`, or of nginx itself.
  func fileSystem(
    _ path: String = "", port: UInt16? = nil, options: [String: String] = [:]
  ) throws -> HTTPUFS {
    let uri = "http://127.0.0.1:\(port ?? nginx.ports[0])\(path)"
    let specification = MountSpecification(alluxioPath: "/web", uri: uri, options: options)
    let environment = try Bench.environment()
    return try HTTPUFS(try UFSURI(parsing: uri), specification, environment)
  }

  /// A subject of the contract.
  func subject(_ fileSystem: HTTPUFS) -> UFSSubject {
    UFSSubject(fileSystem: fileSystem, keepAlive: self) { path, bytes in
      try self.put(path, bytes)
      return try await fileSystem.status(of: path)
    }
  }
}
