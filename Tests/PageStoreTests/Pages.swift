// Pages for tests: keys by number, bytes derived from the key, so that any byte tells whose it is.

import Glibc
import Model
import PageStore
import Testing

/// The key of page `index` of file `number`.
func key(_ number: Int, _ index: UInt32 = 0) -> PageKey {
  PageKey(file: file(number), index: index)
}

/// The key of file `number`.
func file(_ number: Int) -> FileKey {
  FileKey(high: UInt64(number) &* 0x9E37_79B9_7F4A_7C15, low: UInt64(number))
}

/// The 8-byte word that fills the page of `key`.
func pattern(_ key: PageKey) -> UInt64 {
  (key.file.low &+ 1) &* 0xD6E8_FEB8_6659_FD93 ^ UInt64(key.index) &* 0xFF51_AFD7_ED55_8CCD
}

/// Writes the pattern of `key` over `buffer`.
func write(_ key: PageKey, to buffer: UnsafeMutableRawBufferPointer) {
  guard let base = buffer.baseAddress else { return }
  unsafe withUnsafeBytes(of: pattern(key)) { word in
    let head = min(8, buffer.count)
    unsafe base.copyMemory(from: word.baseAddress ?? UnsafeRawPointer(base), byteCount: head)
    var done = head
    while done < buffer.count {
      let count = min(done, buffer.count - done)
      unsafe (base + done).copyMemory(from: base, byteCount: count)
      done += count
    }
  }
}

/// True when every byte of `bytes` is the pattern of `key`: the first eight are, and each equals the one eight before.
func isPattern(_ bytes: UnsafeRawBufferPointer, of key: PageKey) -> Bool {
  guard let base = bytes.baseAddress else { return false }
  let head = min(8, bytes.count)
  let isRight = unsafe withUnsafeBytes(of: pattern(key)) { word in
    unsafe word.baseAddress.map { unsafe memcmp($0, base, head) == 0 } ?? false
  }
  return unsafe isRight && memcmp(base, base + head, bytes.count - head) == 0
}

extension PageStore {
  /// Fills `key` with its pattern; true when it is resident afterwards.
  @discardableResult
  func put(_ key: PageKey, _ length: Int = 64 << 10, now: UInt64) -> Bool {
    switch fill(key, length: length, now: now) {
    case .hit: return true
    case .stored: return true
    case .owner(let fill):
      unsafe write(key, to: fill.buffer)
      _ = fill.commit(now: now)
      return true
    default: return false
    }
  }

  /// A lease on `key`, which must be resident.
  func lease(_ key: PageKey, now: UInt64 = 0) throws -> PageLease {
    switch lookup(key, now: now) {
    case .hit(let lease): return lease
    case .stored: throw Missing(key: key)
    case .miss: throw Missing(key: key)
    }
  }

  /// The fill of `key`, which must be free to fill.
  func own(_ key: PageKey, _ length: Int = 64 << 10, now: UInt64 = 0) throws -> PageFill {
    switch fill(key, length: length, now: now) {
    case .owner(let fill): return fill
    default: throw Missing(key: key)
    }
  }

  /// A place in the queue for `key`, which someone else fills.
  func wait(for key: PageKey, _ length: Int = 64 << 10) throws -> FillWaiter {
    switch fill(key, length: length, now: 0) {
    case .join(let waiter): return waiter
    default: throw Missing(key: key)
    }
  }

  /// What `fill` says, in one word.
  func wish(_ key: PageKey, _ length: Int = 64 << 10, now: UInt64 = 0) -> String {
    switch fill(key, length: length, now: now) {
    case .hit: "hit"
    case .stored: "stored"
    case .owner: "owner"
    case .join: "join"
    case .rejected(let reason): "\(reason)"
    }
  }
}

/// A page that was expected and is not there, or the other way round.
struct Missing: Error { let key: PageKey }
