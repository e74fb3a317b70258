// What is to be sent to a client that does not take it at once.

import Glibc
import Ring

/// Bytes of files that an answer gives its client: a page's, or a READ's.
struct AnsweredBytes {
  let count: Int
  let path: ShortCircuitCounters.Path
}

/// Descriptors that go with the first byte of an answer, at most four.
struct OutgoingDescriptors {
  var numbers: [Int32] = []
  /// What the descriptors are of: it keeps their numbers from being given to other files.
  var keepers: [any AnyObject & Sendable] = []
}

/// Bytes that stay put while a ring sends them, and the descriptors that go with the first of them.
// SAFETY: one allocation, made and freed here; used by the connection's ring alone.
@safe final class OutgoingBytes: @unchecked Sendable {
  /// The bytes.
  let bytes: UnsafeMutableRawBufferPointer
  /// Descriptors that go with the first byte.
  let beside: OutgoingDescriptors
  /// What counts as given to the client once all is sent.
  let answered: [AnsweredBytes]
  /// Bytes sent.
  var sent = 0

  /// Room for `count` bytes.
  init(count: Int, answered: [AnsweredBytes]) {
    self.answered = answered
    unsafe bytes = .allocate(byteCount: count, alignment: 64)
    beside = OutgoingDescriptors()
  }

  /// A copy of `piece`.
  init(
    _ piece: some Collection<UInt8>, answered: [AnsweredBytes], beside: OutgoingDescriptors
  ) {
    unsafe bytes = .allocate(byteCount: piece.count, alignment: 64)
    unsafe bytes.copyBytes(from: piece)
    self.answered = answered
    self.beside = beside
  }

  deinit { unsafe bytes.deallocate() }

  /// The bytes that are still to go.
  var rest: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: bytes[sent...]) }
}
