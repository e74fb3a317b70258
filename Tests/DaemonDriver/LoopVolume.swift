// A small ext4 in a file, mounted through a loop device: a disk that a test may fill, break and take away.

import Glibc

/// A mounted file system of its own, gone with the value.
///
/// It needs root, loop devices and mkfs.ext4: see `isUsable`.
package final class LoopVolume {
  /// Where it is mounted.
  package let path: String
  /// The file that is the disk.
  package let image: String
  private let scratch: ScratchDirectory
  private var isFrozen = false

  /// Makes and mounts a file system of `size` bytes.
  package init(size: Int = 64 << 20) throws(DriverError) {
    scratch = try ScratchDirectory("loop")
    image = scratch.path("image")
    path = scratch.path("mount")
    try makeDirectories(path)
    try setSize(of: image, to: size)
    try Self.run(["mkfs.ext4", "-q", "-F", "-m", "0", image])
    try mount()
  }

  deinit {
    if isFrozen { _ = try? CommandRun(["fsfreeze", "-u", path]) }
    _ = try? CommandRun(["umount", "-l", path])
  }

  /// Stops every write to it, without an error and without an end, until `thaw`.
  package func freeze() throws(DriverError) {
    try Self.run(["fsfreeze", "-f", path])
    isFrozen = true
  }

  /// Lets the writes go on.
  package func thaw() throws(DriverError) {
    try Self.run(["fsfreeze", "-u", path])
    isFrozen = false
  }

  /// Whether such a file system can be made here; tried once.
  package static let isUsable: Bool = {
    guard geteuid() == 0, let volume = try? LoopVolume(size: 8 << 20) else { return false }
    return (try? writeBytes([1], to: "\(volume.path)/file")) != nil
  }()

  /// Mounts the image, as at first.
  package func mount() throws(DriverError) {
    try Self.run(["mount", "-o", "loop", image, path])
  }

  /// Mounts another disk in place of one that was taken away, with the same bytes as that one.
  package func insertCopy() throws(DriverError) {
    sync()
    try Self.run(["cp", image, scratch.path("copy")])
    try Self.run(["mount", "-o", "loop", scratch.path("copy"), path])
  }

  /// Mounts another disk in place of one that was taken away, with nothing on it.
  package func insertNew(size: Int = 64 << 20) throws(DriverError) {
    try setSize(of: scratch.path("new"), to: size)
    try Self.run(["mkfs.ext4", "-q", "-F", "-m", "0", scratch.path("new")])
    try Self.run(["mount", "-o", "loop", scratch.path("new"), path])
  }

  /// Takes the file system away while files of it are open, which go on working for those who hold them.
  package func detach() throws(DriverError) { try Self.run(["umount", "-l", path]) }

  /// Makes it read-only at once, open files included, as the kernel does after an error of its own.
  package func abort() throws(DriverError) {
    try Self.run(["mount", "-o", "remount,abort", path])
  }

  /// Lets everything beyond the first `size` bytes of the disk answer EIO.
  package func cutImage(to size: Int) throws(DriverError) { try setSize(of: image, to: size) }

  /// Fills the file system with a file of zeros until it has no block left; returns its bytes.
  package func fill() throws(DriverError) -> Int {
    let file = unsafe open("\(path)/ballast", O_WRONLY | O_CREAT | O_CLOEXEC)
    guard file >= 0 else { throw DriverError.last("open") }
    defer { close(file) }
    let zeros = [UInt8](repeating: 0, count: 4096)
    var total = 0
    while case let count = unsafe write(file, zeros, zeros.count), count > 0 { total += count }
    guard errno == ENOSPC else { throw DriverError.last("write") }
    fsync(file)
    return total
  }

  /// Fills the file system but for `room` bytes, at once.
  package func fill(leaving room: Int) throws(DriverError) {
    var facts = statvfs()
    sync()
    guard unsafe statvfs(path, &facts) == 0 else { throw DriverError.last("statvfs") }
    let size = Int(facts.f_bavail) * Int(facts.f_frsize) - room
    guard size > 0 else { return }
    let file = unsafe open("\(path)/ballast", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw DriverError.last("open") }
    defer { close(file) }
    let code = posix_fallocate(file, 0, off_t(size))
    // Blocks of the file system's own lists count too.
    guard code == 0 || code == ENOSPC else { throw DriverError.last("fallocate") }
    guard room == 0 else { return }
    // A range that cannot be had whole leaves blocks to those who want single ones.
    let zeros = [UInt8](repeating: 0, count: 4096)
    for _ in 0..<3 {
      while unsafe write(file, zeros, zeros.count) > 0 {}
      guard errno == ENOSPC else { throw DriverError.last("write") }
      fsync(file)
    }
  }

  /// Removes what `fill` wrote.
  package func empty() { unsafe unlink("\(path)/ballast") }

  private static func run(_ command: [String]) throws(DriverError) {
    let run = try CommandRun(command)
    guard run.succeeded else {
      throw .program("\(command.joined(separator: " ")): \(run.errors)")
    }
  }

  private func setSize(of path: String, to size: Int) throws(DriverError) {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw DriverError.last("open") }
    defer { close(file) }
    guard ftruncate(file, off_t(size)) == 0 else { throw DriverError.last("ftruncate") }
  }
}
