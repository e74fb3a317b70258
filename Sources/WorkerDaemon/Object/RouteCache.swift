// From the bytes of a request path straight to the record: what a hot object's next request skips is decoding,
// mount look-up and the shared table.
//
//   hash(path bytes) ──▶ one of 2048 entries { hash, path bytes, record }   (a newcomer replaces what was there)

import Glibc

/// A direct-mapped cache of records by raw request path; confined to one ring's thread.
// SAFETY: every use is on the ring's thread, as the handler takes the cache of the exchange's reactor.
package final class RouteCache: @unchecked Sendable {
  private struct Entry {
    var hash: UInt64
    var path: [UInt8]
    var record: FileRecord
  }

  private static let entryCount = 2048
  private var entries = [Entry?](repeating: nil, count: entryCount)

  package init() {}

  /// The record behind `path`, if it was requested before and is fresh under the rules of `generation`.
  package func record(
    for path: UnsafeRawBufferPointer, now: UInt64, generation: UInt64
  ) -> FileRecord? {
    let hash = unsafe Self.hash(path)
    guard let entry = entries[Int(hash % UInt64(Self.entryCount))], entry.hash == hash,
      entry.record.isFresh(now: now, for: .data, generation: generation),
      unsafe entry.path.withUnsafeBytes({ unsafe Self.areEqual($0, path) })
    else { return nil }
    return entry.record
  }

  /// Remembers that `path` means `record`.
  package func insert(_ record: FileRecord, for path: UnsafeRawBufferPointer) {
    let hash = unsafe Self.hash(path)
    entries[Int(hash % UInt64(Self.entryCount))] = unsafe Entry(
      hash: hash, path: Array(path), record: record)
  }

  private static func areEqual(
    _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
  ) -> Bool {
    guard left.count == right.count else { return false }
    guard let first = left.baseAddress, let second = right.baseAddress else { return true }
    return unsafe memcmp(first, second, left.count) == 0
  }

  /// A hash of eight bytes at a time; quality matters only for spreading, the bytes are compared.
  @inline(__always)
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: bytes.count) &* 0x9e37_79b9_7f4a_7c15
    var offset = 0
    while offset + 8 <= bytes.count {
      let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      hash = (hash ^ word) &* 0xff51_afd7_ed55_8ccd
      hash ^= hash >> 32
      offset += 8
    }
    while offset < bytes.count {
      hash = unsafe (hash ^ UInt64(bytes[offset])) &* 0x0000_0100_0000_01b3
      offset += 1
    }
    return hash ^ (hash >> 29)
  }
}
