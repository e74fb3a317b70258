// A file of a local under file system, read without a worker; only what `file://` names.

import Glibc
import LocalWire
import Model

/// An open local file at one version.
final class UFSFile: Sendable {
  let status: ClientStatus
  private let descriptor: Int32

  /// The path in this machine's file system that `ufsPath` names.
  ///
  /// - Throws: `unsupported` for another scheme than `file`.
  static func localPath(_ ufsPath: String) throws(ClientError) -> String {
    guard ufsPath.hasPrefix("file://") else {
      throw ClientError(
        .unsupported, ufsPath, "no worker answers, and only file:// is read without one",
        "start a worker, or name it with workers= or socket=")
    }
    return String(ufsPath.dropFirst(7))
  }

  /// Opens the file at `ufsPath`.
  init(_ ufsPath: String) throws(ClientError) {
    let path = try Self.localPath(ufsPath)
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.error(errno, ufsPath) }
    var facts = stat()
    guard unsafe fstat(descriptor, &facts) == 0 else {
      let code = errno
      close(descriptor)
      throw Self.error(code, ufsPath)
    }
    let isFile = facts.st_mode & S_IFMT == S_IFREG
    guard isFile else {
      close(descriptor)
      throw ClientError(.isDirectory, ufsPath, "is not a file")
    }
    status = ClientStatus(facts, ufsPath: ufsPath)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// What is at `ufsPath`.
  static func status(_ ufsPath: String) throws(ClientError) -> ClientStatus {
    var facts = stat()
    let path = try localPath(ufsPath)
    guard unsafe fstatat(AT_FDCWD, path, &facts, 0) == 0 else { throw error(errno, ufsPath) }
    return ClientStatus(facts, ufsPath: ufsPath)
  }

  /// What is in the directory at `ufsPath`, by name.
  static func list(_ ufsPath: String) throws(ClientError) -> [ClientStatus] {
    let path = try localPath(ufsPath)
    let status = try status(ufsPath)
    guard status.isDirectory else { return [status] }
    guard let directory = unsafe opendir(path) else { throw error(errno, ufsPath) }
    defer { unsafe closedir(directory) }
    var all: [ClientStatus] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      let slash = ufsPath.utf8.last == UInt8(ascii: "/") ? "" : "/"
      do throws(ClientError) {
        all.append(try Self.status("\(ufsPath)\(slash)\(name)"))
      } catch {
        // It may be gone since it was listed.
        guard error.code == .notFound else { throw error }
      }
    }
    return all.sorted { $0.ufsPath.utf8.lexicographicallyPrecedes($1.ufsPath.utf8) }
  }

  /// Reads `target.count` bytes at `offset`.
  ///
  /// - Throws: `changed` when the file is no longer what was opened.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws(ClientError) {
    var done = 0
    while done < target.count {
      let count = unsafe pread(
        descriptor, target.baseAddress.map { unsafe $0 + done }, target.count - done, offset + done)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.error(errno, status.ufsPath) }
      guard count > 0 else { throw ClientError(LocalCode.changed, status.ufsPath) }
      done += count
    }
    var facts = stat()
    guard unsafe fstat(descriptor, &facts) == 0 else { throw Self.error(errno, status.ufsPath) }
    guard ClientStatus(facts, ufsPath: status.ufsPath).entityTag == status.entityTag else {
      throw ClientError(
        .changed, status.ufsPath, "was written to while it was read", "open it again")
    }
  }

  private static func error(_ code: Int32, _ ufsPath: String) -> ClientError {
    switch code {
    case ENOENT, ENOTDIR: ClientError(.notFound, ufsPath, systemText(code))
    case EACCES, EPERM: ClientError(.refused, ufsPath, systemText(code))
    default: ClientError(.unavailable, ufsPath, systemText(code))
    }
  }
}
