// Small files, whole, for threads that may block.

import Glibc

/// Reads and replaces small files.
enum FileBytes {
  /// What came of a reading.
  enum Reading {
    /// There is no such file.
    case missing
    /// The system refused.
    case failed(errno: Int32)
    /// The bytes.
    case read([UInt8])
  }

  /// The bytes of the file at `path`, of at most `max` bytes.
  static func read(_ path: String, max: Int) -> Reading {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return errno == ENOENT ? .missing : .failed(errno: errno) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = unsafe Glibc.read(file, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return .failed(errno: errno) }
      if count == 0 { return .read(bytes) }
      bytes += part[..<count]
      guard bytes.count <= max else { return .failed(errno: EFBIG) }
    }
  }

  /// Makes `bytes` the content of `path`, durably and in one step; the errno of what failed, nil when nothing did.
  static func replace(_ path: String, with bytes: [UInt8]) -> Int32? {
    let temporary = path + ".new"
    let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { return errno }
    let failure = write(bytes, to: file) ?? (fsync(file) == 0 ? nil : errno)
    close(file)
    if let failure {
      _ = unsafe unlink(temporary)
      return failure
    }
    guard unsafe rename(temporary, path) == 0 else { return errno }
    let cut = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let directory = cut.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let folder = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return errno }
    defer { close(folder) }
    return fsync(folder) == 0 ? nil : errno
  }

  private static func write(_ bytes: [UInt8], to file: Int32) -> Int32? {
    var written = 0
    while written < bytes.count {
      // SAFETY: the slice's bytes live for the call and are as many as it is told.
      let count = unsafe bytes[written...].withUnsafeBytes {
        unsafe Glibc.write(file, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count == 0 ? EIO : errno }
      written += count
    }
    return nil
  }
}
