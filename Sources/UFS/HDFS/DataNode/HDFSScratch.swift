// Memory of a data node connection beside the data itself.
//
//   heads  64 KiB: [head, sums] of the packets received at one go      spill  grows: data before and after what is wanted

import CLinux
import Glibc

/// Memory for heads, sums and unwanted data, and the list of pieces of one receive.
// SAFETY: the memory is its own, and goes with it; pieces stay put as their makers promise.
@safe final class HDFSScratch {
  /// Most pieces of one receive.
  static let pieceCountMax = 128

  /// Heads and sums.
  let heads: UnsafeMutableRawBufferPointer
  /// Data that is not wanted yet or at all.
  private(set) var spill: UnsafeMutableRawBufferPointer
  /// What a receive is given.
  let message: UnsafeMutablePointer<msghdr>
  /// Bytes of all pieces.
  private(set) var pieceBytes = 0
  private(set) var pieceCount = 0
  private let pieces: UnsafeMutablePointer<iovec>

  /// Fresh memory.
  init() {
    unsafe heads = .allocate(byteCount: 65536, alignment: 16)
    unsafe spill = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    unsafe message = .allocate(capacity: 1)
    unsafe pieces = .allocate(capacity: Self.pieceCountMax)
    unsafe message.initialize(to: msghdr())
  }

  deinit {
    unsafe heads.deallocate()
    unsafe spill.deallocate()
    unsafe message.deallocate()
    unsafe pieces.deallocate()
  }

  /// Makes room for `count` bytes of unwanted data; what was there is lost when it grows.
  func reserveSpill(_ count: Int) {
    guard unsafe spill.count < count else { return }
    unsafe spill.deallocate()
    unsafe spill = .allocate(byteCount: max(65536, count), alignment: 16)
  }

  /// Forgets the pieces.
  func clear() { (pieceCount, pieceBytes) = (0, 0) }

  /// Adds a piece; empty ones are left out.
  func add(_ piece: UnsafeMutableRawBufferPointer) {
    guard piece.count > 0 else { return }
    precondition(pieceCount < Self.pieceCountMax, "a receive has room for its pieces")
    unsafe pieces[pieceCount] = iovec(iov_base: piece.baseAddress, iov_len: piece.count)
    pieceCount += 1
    pieceBytes += piece.count
    unsafe message.pointee.msg_iov = pieces
    unsafe message.pointee.msg_iovlen = pieceCount
  }
}
