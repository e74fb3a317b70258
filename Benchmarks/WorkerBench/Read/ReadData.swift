// The file that is read: in tmpfs, mapped here too, so that what was read can be compared.

import CLinux
import DaemonDriver
import Glibc

/// A file below a folder of its own in /dev/shm.
@safe final class ReadData: @unchecked Sendable {
  // SAFETY: the mapping is read-only and lives as long as this; the sums never change after `init`.
  private let scratch: ScratchDirectory
  /// The file's bytes.
  let bytes: UnsafeRawBufferPointer
  /// The CRC32C of each block of the plan.
  let sums: [UInt32]

  /// The folder of the file `data`.
  var folder: String { scratch.path("data") }
  /// The file.
  var file: String { "\(folder)/data" }
  /// Where the worker's socket is.
  var socket: String { scratch.path("s") }

  init(_ plan: ReadPlan) throws {
    scratch = try ScratchDirectory("read", in: "/dev/shm")
    try makeDirectories(scratch.path("data"))
    let file = scratch.path("data") + "/data"
    let descriptor = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0, ftruncate(descriptor, plan.dataSize) == 0 else {
      throw DriverError.last("open")
    }
    defer { close(descriptor) }
    let flags = PROT_READ | PROT_WRITE
    guard let base = unsafe mmap(nil, plan.dataSize, flags, MAP_SHARED, descriptor, 0),
      unsafe base != MAP_FAILED
    else { throw DriverError.last("mmap") }
    for offset in stride(from: 0, to: plan.dataSize & ~7, by: 8) {
      unsafe base.storeBytes(of: Self.word(at: offset), toByteOffset: offset, as: UInt64.self)
    }
    unsafe mprotect(base, plan.dataSize, PROT_READ)
    unsafe bytes = UnsafeRawBufferPointer(start: base, count: plan.dataSize)
    sums = (0..<plan.blockCount).map { block in
      unsafe pen_crc32c(0, base + block * plan.size, min(plan.size, plan.dataSize))
    }
  }

  deinit { unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

  /// Whether `part` is what the file has at `offset`.
  func isSame(_ part: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    guard let own = unsafe bytes.baseAddress, let other = part.baseAddress else { return true }
    return unsafe memcmp(own + offset, other, part.count) == 0
  }

  /// The eight bytes at `offset`, a multiple of 8: computed, so that a look at them costs no memory of its own.
  @inline(__always)
  private static func word(at offset: Int) -> UInt64 {
    var mixed = UInt64(offset) &* 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    return mixed ^ (mixed >> 31)
  }

  /// As `isSame`, of the first and the last eight bytes only.
  @inline(__always)
  func isLikely(_ part: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    guard part.count >= 8 else { return unsafe isSame(part, at: offset) }
    let end = part.count - 8
    let isComputed = unsafe offset + part.count <= bytes.count & ~7
    if isComputed, (offset | end) & 7 == 0 {
      return unsafe part.loadUnaligned(as: UInt64.self) == Self.word(at: offset)
        && part.loadUnaligned(fromByteOffset: end, as: UInt64.self) == Self.word(at: offset + end)
    }
    return unsafe part.loadUnaligned(as: UInt64.self)
      == bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      && part.loadUnaligned(fromByteOffset: end, as: UInt64.self)
        == bytes.loadUnaligned(fromByteOffset: offset + end, as: UInt64.self)
  }
}
