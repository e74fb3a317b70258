// The files behind a worker that is killed: what they hold can be told at any time, at any place, for every version.
//
//   rewrite of file f:  next = v + 1 ─▶ write aside ─▶ rename ─▶ current = v + 1
//   a reader that began at `current` a and ended at `next` b may have got any one version of a…b, never a mix

import DaemonDriver
import Glibc
import Synchronization

/// Files of mixed sizes whose contents are numbered versions.
final class CrashData: Sendable {
  /// Sizes of the first versions, 1 KiB to 8 MiB.
  static let sizes = 1 << 10...8 << 20

  /// The folder that the worker mounts.
  let folder: String
  /// Files in it.
  let count: Int
  private let aside: String
  private let seed: UInt64
  private let lengths: [Int]
  private let versions: Mutex<[ClosedRange<Int>]>

  /// Writes `count` files below `parent`; all of it follows from `seed`.
  init(count: Int, seed: UInt64, in parent: String) throws(DriverError) {
    folder = "\(parent)/data"
    aside = "\(parent)/aside"
    self.count = count
    self.seed = seed
    var generator = SampleGenerator(seed: seed)
    // Each factor of two is as likely as the others.
    lengths = (0..<count).map { _ in
      let shift = Int.random(in: 10..<23, using: &generator)
      return Int.random(in: 1 << shift...2 << shift, using: &generator)
    }
    versions = Mutex(Array(repeating: 0...0, count: count))
    try makeDirectories(aside)
    for file in 0..<count {
      try makeDirectories("\(folder)/\(file % 8)")
      try writeBytes(content(of: file, 0), to: "\(folder)/\(name(of: file))")
    }
  }

  /// Path below the folder.
  func name(of file: Int) -> String { "\(file % 8)/\(file)" }

  /// Bytes of all files now.
  var size: Int { (0..<count).reduce(0) { $0 + length(of: $1, current(of: $1).lowerBound) } }

  /// The version that is there for sure, up to the one that may be.
  func current(of file: Int) -> ClosedRange<Int> { versions.withLock { $0[file] } }

  /// Bytes of a version: odd ones differ in length from their neighbours, so that both kinds of rewriting happen.
  func length(of file: Int, _ version: Int) -> Int {
    lengths[file] - (version % 4 == 3 ? lengths[file] / 3 : 0)
  }

  /// Replaces a file by its next version, in one step for whoever reads; one thread at a time.
  func rewrite(_ file: Int) throws(DriverError) {
    let version = current(of: file).lowerBound
    let path = "\(aside)/\(file)"
    try writeBytes(content(of: file, version + 1), to: path)
    versions.withLock { $0[file] = version...version + 1 }
    guard unsafe rename(path, "\(folder)/\(name(of: file))") == 0 else {
      throw .system(operation: "rename", errno: errno)
    }
    versions.withLock { $0[file] = version + 1...version + 1 }
  }

  /// Writes the next version over the file; only while nobody reads.
  func overwrite(_ file: Int) throws(DriverError) {
    let version = current(of: file).lowerBound + 1
    try writeBytes(content(of: file, version), to: "\(folder)/\(name(of: file))")
    versions.withLock { $0[file] = version...version }
  }

  /// The least number of bytes that differ from some version of `versions`, for bytes read from `start` on.
  ///
  /// A whole body must have all bytes that were asked for, up to `end` or the version's end; a part may be shorter.
  func countOfWrongBytes(
    in bytes: [UInt8], of file: Int, _ versions: ClosedRange<Int>, from start: Int, to end: Int,
    isWhole: Bool
  ) -> Int {
    versions.map { version in
      let expected = max(0, min(end, length(of: file, version)) - start)
      guard isWhole ? bytes.count == expected : bytes.count <= expected else {
        return max(1, abs(bytes.count - expected))
      }
      return stream(of: file, version).countOfDifferences(in: bytes, from: start)
    }.min() ?? 0
  }

  private func content(of file: Int, _ version: Int) -> [UInt8] {
    stream(of: file, version).bytes(0..<length(of: file, version))
  }

  private func stream(of file: Int, _ version: Int) -> PlacedBytes {
    PlacedBytes(seed: seed &+ UInt64(file) << 32 &+ UInt64(version))
  }
}
