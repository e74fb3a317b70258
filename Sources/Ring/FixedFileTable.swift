// Files registered with a ring: the kernel skips the descriptor look-up on each operation.

import CLinux
import Glibc

/// A file in the ring's table of registered files.
package struct FixedFile: Sendable, Hashable {
  /// 0-based place in the table.
  package let index: Int32
}

/// The registered files of one ring; confined to its thread.
struct FixedFileTable: ~Copyable {
  private var free: [Int32] = []
  /// The files of owners; nil for one that the kernel refused.
  private var byOwner: [UInt64: FixedFile?] = [:]
  /// True when the kernel accepted the table; without it files are used by their descriptor.
  private(set) var isRegistered = false

  mutating func register(ring: UnsafeMutablePointer<io_uring>, count: UInt32) {
    guard unsafe io_uring_register_files_sparse(ring, count) == 0 else { return }
    isRegistered = true
    free = (0..<Int32(count)).reversed()
  }

  mutating func add(_ fd: Int32, ring: UnsafeMutablePointer<io_uring>) -> FixedFile? {
    guard isRegistered, let index = free.popLast() else { return nil }
    var descriptor = fd
    guard unsafe io_uring_register_files_update(ring, UInt32(index), &descriptor, 1) == 1 else {
      free.append(index)
      return nil
    }
    return FixedFile(index: index)
  }

  mutating func remove(_ file: FixedFile, ring: UnsafeMutablePointer<io_uring>) {
    var none: Int32 = -1
    _ = unsafe io_uring_register_files_update(ring, UInt32(file.index), &none, 1)
    free.append(file.index)
  }

  /// The file registered for `owner`; nil when there is none, and `isKnown` says whether one was asked for before.
  @inline(__always)
  func file(of owner: UInt64) -> (file: FixedFile?, isKnown: Bool) {
    guard let entry = byOwner[owner] else { return (nil, false) }
    return (entry, true)
  }

  mutating func add(_ fd: Int32, for owner: UInt64, ring: UnsafeMutablePointer<io_uring>)
    -> FixedFile?
  {
    let file = unsafe add(fd, ring: ring)
    byOwner[owner] = .some(file)
    return file
  }

  mutating func remove(of owner: UInt64, ring: UnsafeMutablePointer<io_uring>) {
    guard let entry = byOwner.removeValue(forKey: owner), let file = entry else { return }
    unsafe remove(file, ring: ring)
  }
}
