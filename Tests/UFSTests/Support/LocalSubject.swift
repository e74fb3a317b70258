// Local UFSs to test.

import Glibc
import Testing

@testable import UFS

/// A local UFS over a fresh directory.
func localSubject(
  _ options: LocalUFS.Options = LocalUFS.Options(), _ seams: LocalUFS.Seams = LocalUFS.Seams()
) throws -> (subject: UFSSubject, directory: TemporaryDirectory) {
  let directory = try TemporaryDirectory()
  let fileSystem = try LocalUFS(
    root: directory.path, mount: "/", options: options, pool: try Bench.pool, seams: seams)
  return (UFSSubject(fileSystem: fileSystem, keepAlive: directory), directory)
}

/// What this machine lets a test do.
enum Privilege {
  /// Whether file permissions do not apply to the tests.
  static let isRoot = geteuid() == 0
  /// Whether a small tmpfs can be mounted.
  static let canMount = isRoot && ((try? TemporaryMount(options: "size=64k")) != nil)
}

/// A small tmpfs, unmounted with its last reference.
final class TemporaryMount: Sendable {
  /// The directory below the mount.
  let directory: TemporaryDirectory

  init(options: String) throws {
    directory = try TemporaryDirectory()
    guard unsafe mount("tmpfs", directory.path, "tmpfs", 0, options) == 0 else {
      throw TestFailure(errno: errno)
    }
  }

  /// Makes it read-only.
  func makeReadOnly() throws {
    let flags = UInt(MS_REMOUNT) | UInt(MS_RDONLY)
    guard unsafe mount("tmpfs", directory.path, "tmpfs", flags, nil) == 0 else {
      throw TestFailure(errno: errno)
    }
  }

  deinit { umount2(directory.path, Int32(MNT_DETACH)) }
}

/// A system call that a test needs failed.
struct TestFailure: Error {
  let errno: Int32
}
