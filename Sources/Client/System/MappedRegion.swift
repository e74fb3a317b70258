// Memory of the worker, mapped read-only.
//
// A worker that shrank its memory under a mapping would end this process by a signal: only memory that is sealed against that
// is mapped, and never more of it than there is.

import CLinux
import Glibc

/// A read-only mapping of a sealed memfd.
@safe final class MappedRegion: @unchecked Sendable {
  /// Huge pages of the worker stay huge pages here when the addresses are aligned alike.
  private static let alignment = 2 << 20

  // SAFETY: the mapping lives as long as this, is read-only, and its length never shrinks (F_SEAL_SHRINK).
  let base: UnsafeRawPointer
  /// Bytes mapped.
  let count: Int
  private let reservation: UnsafeMutableRawPointer
  private let reservationCount: Int

  /// Looks whether `descriptor` is of at least `count` bytes that stay; returns their number.
  ///
  /// - Throws: `protocolBroken` when the memory is smaller or not sealed.
  static func check(_ descriptor: Int32, count: UInt64, what: String) throws(ClientError) -> Int {
    guard let count = Int(exactly: count), count > 0, count <= 1 << 46 else {
      throw .broken("\(what) of \(count) bytes")
    }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size >= count
    else { throw .broken("\(what) is smaller than it is said to be") }
    guard pen_cannot_shrink(descriptor) else {
      throw .broken("\(what) is not sealed against shrinking")
    }
    return count
  }

  /// Maps `count` bytes of `descriptor`, which stays the caller's.
  ///
  /// - Throws: `protocolBroken` when the memory is smaller or not sealed; `system`.
  convenience init(_ descriptor: Int32, count: UInt64, what: String) throws(ClientError) {
    let count = try Self.check(descriptor, count: count, what: what)
    try self.init(checked: descriptor, count: count, what: what)
  }

  /// Maps `count` bytes of `descriptor`, which `check` found there.
  ///
  /// - Throws: `system`.
  init(checked descriptor: Int32, count: Int, what: String) throws(ClientError) {
    self.count = count
    guard count >= Self.alignment else {
      let mapping = unsafe mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
      guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
        throw .system("mmap of \(what)", errno)
      }
      unsafe base = UnsafeRawPointer(mapping)
      unsafe reservation = mapping
      reservationCount = count
      return
    }
    let room = count + Self.alignment
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let space = unsafe mmap(nil, room, PROT_NONE, flags, -1, 0), unsafe space != MAP_FAILED
    else { throw .system("mmap of \(what)", errno) }
    let place = unsafe Self.aligned(space)
    let mapping = unsafe mmap(place, count, PROT_READ, MAP_SHARED | MAP_FIXED, descriptor, 0)
    guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
      let code = errno
      unsafe munmap(space, room)
      throw .system("mmap of \(what)", code)
    }
    unsafe base = UnsafeRawPointer(mapping)
    unsafe reservation = space
    reservationCount = room
  }

  deinit { unsafe munmap(reservation, reservationCount) }

  private static func aligned(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    unsafe pointer.alignedUp(toMultipleOf: alignment)
  }

  /// The address of `count` bytes at `offset`; nil when they are not all inside.
  func address(_ offset: UInt64, count bytes: Int) -> UnsafeRawPointer? {
    guard let offset = Int(exactly: offset), bytes >= 0, bytes <= count, offset <= count - bytes
    else { return nil }
    return unsafe base + offset
  }
}
