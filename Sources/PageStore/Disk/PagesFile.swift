// The file of a volume while it is opened: blocking calls, whole and aligned, each failure by path.

internal import CLinux
import Glibc
import Ring

/// An open `pages` file; closed when it is dropped, unless its descriptor was taken.
@safe final class PagesFile {
  let path: String
  /// True when I/O goes around the page cache.
  let isDirect: Bool
  private var descriptor: Int32
  // SAFETY: one thread uses the file; the memory lives as long as the object.
  private let buffer = UnsafeMutableRawBufferPointer.allocate(
    byteCount: Superblock.size, alignment: Superblock.size)

  /// The open file `descriptor`, which is closed with this object.
  init(_ descriptor: Int32, path: String, isDirect: Bool) {
    precondition(descriptor >= 0, "a file is open")
    self.descriptor = descriptor
    self.path = path
    self.isDirect = isDirect
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
    unsafe buffer.deallocate()
  }

  /// Hands the descriptor over; nothing else is called afterwards.
  func takeDescriptor() -> Int32 {
    defer { descriptor = -1 }
    return descriptor
  }

  /// Size, bytes allocated, and whether it is a file at all.
  func status() throws(PageStoreError) -> (size: Int64, allocated: Int64, isRegular: Bool) {
    var status = statx()
    let rc = unsafe pen_statx(descriptor, "", pen_at_empty_path(), &status)
    guard rc == 0 else { throw VolumeDirectory.failure(path, -rc) }
    return (
      Int64(clamping: status.stx_size), Int64(clamping: status.stx_blocks) &* 512,
      status.stx_mode & 0o170000 == 0o100000
    )
  }

  /// The bytes of both superblocks; zeros where the file ends too early.
  func readSuperblocks() throws(PageStoreError) -> [Superblock.Copy] {
    var copies: [Superblock.Copy] = []
    for offset in Superblock.offsets {
      unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
      var count = -1
      repeat {
        count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
      } while count < 0 && errno == EINTR
      // A bad sector under one copy is what the other is for.
      guard count >= 0 || errno == EIO else { throw VolumeDirectory.failure(path, errno) }
      copies.append(Superblock.decode(unsafe Array(buffer)))
    }
    return copies
  }

  /// Writes both superblocks, the second when the first is durable.
  func write(_ superblock: Superblock) throws(PageStoreError) {
    unsafe buffer.copyBytes(from: superblock.encoded())
    for offset in Superblock.offsets {
      var count = -1
      repeat {
        count = unsafe pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
      } while count < 0 && errno == EINTR
      guard unsafe count == buffer.count else {
        throw VolumeDirectory.failure(path, count < 0 ? errno : ENOSPC)
      }
      guard fsync(descriptor) == 0 else { throw VolumeDirectory.failure(path, errno) }
    }
  }

  /// Reserves the first `size` bytes on the disk; false when the file system cannot reserve and only the size was set.
  func allocate(_ size: Int64) throws(PageStoreError) -> Bool {
    let (before, allocated, _) = try status()
    // Asked in vain, fallocate fills the disk before it fails, under everybody who writes there.
    var space = statvfs()
    if unsafe fstatvfs(descriptor, &space) == 0 {
      let free = space.f_bavail.multipliedReportingOverflow(by: space.f_frsize)
      if !free.overflow, UInt64(max(0, size - allocated)) > UInt64(free.partialValue) {
        throw VolumeDirectory.failure(path, ENOSPC, bytes: size)
      }
    }
    let rc = pen_allocate(descriptor, size)
    if rc == 0 { return true }
    guard rc == -EOPNOTSUPP || rc == -ENOSYS else {
      // What was reserved in part is given back.
      ftruncate(descriptor, off_t(before))
      throw VolumeDirectory.failure(path, -rc, bytes: size)
    }
    if before < size { try truncate(size) }
    return false
  }

  /// Sets the size.
  func truncate(_ size: Int64) throws(PageStoreError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else {
      throw VolumeDirectory.failure(path, errno, bytes: size)
    }
  }
}
