// Entries of a directory, as the kernel hands them out.

import CLinux
import Glibc

// SAFETY: the memory lives as long as the value and is only read up to `end`.
/// A buffer of getdents64(2) entries of one open directory, read one by one.
///
/// Blocking.
@safe struct DirectoryBuffer: ~Copyable {
  /// One entry.
  struct Entry {
    /// Its name; never `.` or `..`.
    let name: PathBytes
    /// DT_REG, DT_DIR, …; DT_UNKNOWN where the file system does not say.
    let type: UInt8
    /// Where to seek to go on after it.
    let next: Int64
  }

  /// About a thousand entries per call.
  private static let size = 65536

  private let memory: UnsafeMutableRawPointer
  private var offset = 0
  private var end = 0

  /// An empty buffer.
  init() {
    unsafe memory = .allocate(byteCount: Self.size, alignment: 8)
  }

  deinit { unsafe memory.deallocate() }

  /// Forgets what is buffered, to go on from the descriptor's own position.
  mutating func reset() { (offset, end) = (0, 0) }

  /// The next entry of `directory`, nil at the end, or -errno as the failure.
  mutating func next(_ directory: Int32) -> Result<Entry?, Errno> {
    while true {
      if offset >= end {
        let count = unsafe pen_getdents(directory, memory, Self.size)
        // ENOENT: the directory was removed while it was open; there is nothing in it.
        if count == -Int(ENOENT) || count == 0 { return .success(nil) }
        guard count > 0 else { return .failure(Errno(Int32(-count))) }
        (offset, end) = (0, count)
      }
      let raw = unsafe pen_dirent_at(memory, offset)
      let next = unsafe pen_dirent_next(memory, offset)
      offset += Int(unsafe raw.record_length)
      let length = unsafe strlen(raw.name)
      let name = unsafe PathBytes(UnsafeRawBufferPointer(start: raw.name, count: length))
      if name == [0x2E] || name == [0x2E, 0x2E] { continue }
      return unsafe .success(Entry(name: name, type: raw.type, next: next))
    }
  }
}
