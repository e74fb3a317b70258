// A REST server over a temporary directory.

import DaemonDriver
import Glibc
import HTTPWire
import Model
import PageStore
import Ring
import Synchronization
import UFS
import WorkerDaemon

/// A REST API on a loopback port, its files, and requests for them.
final class RESTFixture: Sendable {
  let root: String
  let port: UInt16
  private let group: ReactorGroup
  private let pool: BlockingPool
  private let server: HTTPServer
  private let loads: LoadJobs

  /// Runs `body` with a server of its own, and stops it.
  static func run(_ body: (RESTFixture) async throws -> Void) async throws {
    let rest = try await RESTFixture()
    do {
      try await body(rest)
    } catch {
      await rest.stop()
      throw error
    }
    await rest.stop()
  }

  private init() async throws {
    root = RESTFixture.makeRoot()
    group = try ReactorGroup(count: 2, pinned: false)
    pool = try BlockingPool(name: "test", threads: 2)
    let mounts = try MountTable(
      opening: [MountSpecification(alluxioPath: "/", uri: root)], in: UFSEnvironment(pool: pool))
    let files = FileService(
      mounts: mounts, store: try PageStore(capacity: 64 << 20), reactors: group.reactors)
    loads = LoadJobs(
      source: FilesLoadSource(files: files, pool: pool), executors: group.reactors)
    let handler = RESTHandler(
      files: files, loads: loads, ringCount: group.reactors.count,
      options: RESTHandler.Options(advertisedHost: "127.0.0.1", advertisedPort: 28080))
    server = try await HTTPServer.start(
      on: group.reactors, options: .patient,
      handler: handler)
    port = server.port
  }

  private func stop() async {
    await loads.stopAll()
    await server.drain(within: .seconds(5))
    group.stop()
    pool.stop()
    remove("")
  }

  private static func makeRoot() -> String {
    var template = Array("/tmp/penstock-rest-XXXXXX".utf8CString)
    template.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, mkdtemp(base) != nil else {
        preconditionFailure("a temporary directory can be made")
      }
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func remove(_ name: String) {
    for child in names(name) {
      let path = name.isEmpty ? child : "\(name)/\(child)"
      if unlink("\(root)/\(path)") != 0 { remove(path) }
    }
    rmdir("\(root)/\(name)")
  }

  func connect(from source: UInt32? = nil) throws -> HTTPConnection {
    try HTTPConnection(port: port, source: source)
  }

  /// The root as the worker names it.
  var rootURI: String { "file://\(root)" }
  /// The UFS path of `name`.
  func uri(_ name: String) -> String { name.isEmpty ? rootURI : "\(rootURI)/\(name)" }
  /// The id a client of 1.1.17 sends for `name`.
  func id(_ name: String) -> String { Digest256(of: uri(name)).hex }
  /// The UFS path of `name`, form-encoded.
  func form(_ name: String) -> String {
    uri(name).utf8.map { byte in
      byte == UInt8(ascii: " ")
        ? "+" : Self.isWord(byte) ? String(UnicodeScalar(byte)) : Self.escaped(byte)
    }.joined()
  }
  /// The UFS path of `name` as the clients' HTTP library leaves it in a URL.
  func pasted(_ name: String) -> String {
    let kept = Set("!#$%&'()*+,/:;=?@[]~".utf8)
    return uri(name).utf8.map { byte in
      Self.isWord(byte) || kept.contains(byte) ? String(UnicodeScalar(byte)) : Self.escaped(byte)
    }.joined()
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || [0x2D, 0x2E, 0x5F].contains(byte)
  }

  private static func escaped(_ byte: UInt8) -> String {
    "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }

  /// Bytes that differ by position.
  func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: random.next()) { bytes += $0 } }
    return Array(bytes.prefix(count))
  }

  /// Writes a file behind the worker's back, with the directories above it.
  @discardableResult
  func write(_ name: String, count: Int) -> [UInt8] {
    let bytes = bytes(count, seed: UInt64(count) + 1)
    for (index, _) in name.utf8.enumerated().filter({ $0.element == UInt8(ascii: "/") }) {
      makeDirectory(String(decoding: name.utf8.prefix(index), as: UTF8.self))
    }
    let file = open("\(root)/\(name)", O_CREAT | O_WRONLY | O_TRUNC, 0o644)
    defer { close(file) }
    precondition(Glibc.write(file, bytes, bytes.count) == bytes.count, "the file is written whole")
    return bytes
  }

  func makeDirectory(_ name: String) { mkdir("\(root)/\(name)", 0o755) }

  /// The bytes of a file as the file system has them; nil without one.
  func read(_ name: String) -> [UInt8]? {
    let file = open("\(root)/\(name)", O_RDONLY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    return Glibc.read(file, &bytes, bytes.count) == bytes.count ? bytes : nil
  }

  /// The names in a directory.
  func names(_ directory: String = "") -> [String] {
    guard let stream = opendir("\(root)/\(directory)") else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Sends `bytes` chunked, in chunks of the sizes given, the last one repeated.
  func upload(
    _ bytes: [UInt8], to target: String, by client: HTTPConnection, pieces: [Int]
  ) throws -> HTTPResponse {
    try client.send(
      "POST \(target) HTTP/1.1\r\nHost: x\r\ntransfer-type: chunked\r\n"
        + "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    var rest = bytes[...]
    var index = 0
    while !rest.isEmpty {
      let piece = rest.prefix(pieces[min(index, pieces.count - 1)])
      try client.send(
        Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8))
      rest = rest.dropFirst(piece.count)
      index += 1
    }
    try client.send("0\r\n\r\n")
    return try client.receive()
  }
}
