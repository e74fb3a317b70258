// What the origins serve: one large object, and folders of many small ones, in memory.

import DaemonDriver
import FaultProxy
import Glibc

/// Files below a folder of /dev/shm, gone with the value.
final class IngestData {
  private let scratch: ScratchDirectory
  /// The large object's size.
  let size: Int

  /// The folder whose `bench` is the bucket.
  var root: String { scratch.path("root") }
  /// The large object's file.
  var object: String { "\(root)/bench/object" }
  /// A folder in memory for what clients write.
  var target: String { scratch.path("target") }

  /// Writes the large object.
  init(size: Int) throws {
    self.size = size
    scratch = try ScratchDirectory("ingest", in: "/dev/shm")
    try makeDirectories(scratch.path("root/bench"))
    try makeDirectories(scratch.path("target"))
    try Self.writeNoise(size, to: object, seed: 1)
  }

  /// Writes `count` objects of `size` bytes below `folder`, which ends with a slash.
  ///
  /// All have the time and so the entity tag that the listing says.
  func addSmall(_ folder: String, count: Int, size: Int) throws -> ListingOrigin.Content {
    let tag = String(ListingOrigin.modified, radix: 16) + String(size, radix: 16)
    let content = ListingOrigin.Content(folder: folder, count: count, size: size, tag: tag)
    try makeDirectories("\(root)/bench/\(folder)")
    var bytes = [UInt8](repeating: 0, count: size)
    var generator = SampleGenerator(seed: UInt64(size))
    for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: generator.next()) }
    for index in 0..<count {
      let path = "\(root)/bench/\(ListingOrigin.key(index, of: content))"
      for place in 0..<min(8, size) {
        bytes[place] = UInt8(truncatingIfNeeded: index >> (8 * place))
      }
      try writeBytes(bytes, to: path)
      var times = [
        timespec(tv_sec: ListingOrigin.modified, tv_nsec: 0),
        timespec(tv_sec: ListingOrigin.modified, tv_nsec: 0),
      ]
      _ = unsafe utimensat(AT_FDCWD, path, &times, 0)
    }
    return content
  }

  /// Writes a file that does not compress.
  static func writeNoise(_ size: Int, to path: String, seed: UInt64) throws {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw DriverError.program("open \(path): errno \(errno)") }
    defer { close(file) }
    var page = [UInt64](repeating: 0, count: 1 << 17)
    var generator = SampleGenerator(seed: seed)
    var rest = size
    while rest > 0 {
      fill(&page, with: &generator)
      let count = min(rest, page.count * 8)
      guard unsafe write(file, page, count) == count else {
        throw DriverError.program("write \(path): errno \(errno)")
      }
      rest -= count
    }
    fsync(file)
  }
}
