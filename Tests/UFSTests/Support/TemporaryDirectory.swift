// A directory of its own for each test.

import CLinux
import Foundation
import Glibc

/// A directory that is deleted with its last reference; its tests act on it behind the UFS's back.
final class TemporaryDirectory: Sendable {
  /// Its real path.
  let path: String

  init() throws {
    let base = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
    path = "\(base)/penstock-ufs-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of `name` in it.
  func at(_ name: String) -> String { "\(path)/\(name)" }

  /// Makes or overwrites a file in place, with the directories above it.
  func put(_ name: String, _ bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: at(name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let fd = unsafe open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard fd >= 0 else { throw CocoaError(.fileWriteUnknown) }
    defer { close(fd) }
    let written = unsafe bytes.withUnsafeBytes { unsafe write(fd, $0.baseAddress, $0.count) }
    guard written == bytes.count else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Overwrites bytes of a file in place.
  func overwrite(_ name: String, _ bytes: [UInt8], at offset: Int = 0) throws {
    let fd = unsafe open(at(name), O_WRONLY)
    guard fd >= 0 else { throw CocoaError(.fileWriteUnknown) }
    defer { close(fd) }
    let written = unsafe bytes.withUnsafeBytes {
      unsafe pwrite(fd, $0.baseAddress, $0.count, offset)
    }
    guard written == bytes.count else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Makes a directory, with those above it.
  func makeDirectory(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: at(name), withIntermediateDirectories: true)
  }

  /// Makes a symbolic link.
  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: at(name), withDestinationPath: target)
  }

  /// What a file holds.
  func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: at(name))))
  }

  /// The names in a directory, hidden ones too.
  func names(_ name: String = "") throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: name.isEmpty ? path : at(name)))
  }
}

extension TemporaryDirectory {
  /// Waits until the file's version has settled: a version is told from later ones then.
  func settle(_ name: String) throws {
    var status = stat()
    guard unsafe stat(at(name), &status) == 0 else { throw CocoaError(.fileReadUnknown) }
    let changed = status.st_ctim
    var now = timespec()
    repeat {
      sched_yield()
      unsafe clock_gettime(CLOCK_REALTIME, &now)
    } while (now.tv_sec - changed.tv_sec) * 1_000_000_000 + now.tv_nsec - changed.tv_nsec
      < 25_000_000
  }

  /// Drops a file from the page cache.
  func evict(_ name: String) throws {
    let fd = unsafe open(at(name), O_RDONLY)
    guard fd >= 0 else { throw CocoaError(.fileReadUnknown) }
    defer { close(fd) }
    guard fsync(fd) == 0, posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0 else {
      throw CocoaError(.fileReadUnknown)
    }
  }
}
