// Resident pages and bytes of each file, so that "how much of this file is cached" is one look-up. 64 stripes of the
// page index's kind: a linear hash table over flat records of 48 bytes, the stripes interleaved. A record lives while its file has a page or a fill.
//
// Lock order: after a page stripe's lock, never with another file stripe's.

import Glibc
import Model

/// Counts by file.
@safe struct FileTable: ~Copyable, @unchecked Sendable {
  /// What is known of one file.
  struct Record {
    var high: UInt64
    var low: UInt64
    /// Bytes of the resident pages.
    var bytes: Int64
    /// Resident pages; doomed ones do not count.
    var pages: UInt32
    /// Fills under way.
    var fills: UInt32
    /// The highest page index seen.
    var lastIndex: UInt32
    /// Next of the chain or the free list; 0 at its end.
    var next: UInt32
    /// What operators say of the file.
    var traits: FileTraits

    var key: FileKey { FileKey(high: high, low: low) }
  }

  @safe private struct Stripe {
    var mutex: pthread_mutex_t
    let records: UnsafeMutablePointer<Record>
    var buckets: LinearBuckets
    let capacity: UInt32
    var free: UInt32 = 0
    var fresh: UInt32 = 1
    var count: UInt32 = 0
  }

  private static let stripeCount = 64
  private static let stride = 128

  private let seed: UInt64
  private let recordRegion: FlatRegion
  private let bucketRegion: FlatRegion
  // SAFETY: constants; each stripe is guarded by its own mutex.
  private let stripes: UnsafeMutableRawPointer

  /// A table for at most `fileCountMax` files.
  ///
  /// - Throws: `memoryUnavailable`.
  init(fileCountMax: Int, seed: UInt64) throws(PageStoreError) {
    precondition(MemoryLayout<Record>.stride == 48, "a record is 48 bytes")
    precondition(MemoryLayout<Stripe>.size <= FileTable.stride, "a stripe fits")
    let capacity = min(1 << 26, fileCountMax / FileTable.stripeCount * 2 + 4096)
    let total = capacity * FileTable.stripeCount
    let recordRegion = try FlatRegion(byteCount: total * MemoryLayout<Record>.stride)
    let bucketRegion = try FlatRegion(byteCount: total * MemoryLayout<UInt32>.stride)
    self.seed = seed
    self.recordRegion = recordRegion
    self.bucketRegion = bucketRegion
    unsafe stripes = .allocate(
      byteCount: FileTable.stripeCount * FileTable.stride, alignment: FileTable.stride)
    for number in 0..<FileTable.stripeCount {
      let heads = unsafe self.bucketRegion.array(of: UInt32.self) + number
      unsafe stripe(number).initialize(
        to: Stripe(
          mutex: pthread_mutex_t(),
          records: self.recordRegion.array(of: Record.self) + number,
          buckets: LinearBuckets(
            heads: heads, stride: FileTable.stripeCount, capacity: UInt32(capacity)),
          capacity: UInt32(capacity)))
      let rc = unsafe pthread_mutex_init(&stripe(number).pointee.mutex, nil)
      precondition(rc == 0, "a mutex is made")
    }
  }

  deinit {
    for number in 0..<FileTable.stripeCount {
      unsafe pthread_mutex_destroy(&stripe(number).pointee.mutex)
    }
    unsafe stripes.deallocate()
  }

  /// Counts a fill of the page at `index` of `file`, which has `traits` from now on, or those it had if they are newer.
  ///
  /// Returns the file's traits, nil when the table is full.
  func beginFill(_ file: FileKey, index: UInt32, traits: FileTraits?) -> FileTraits? {
    unsafe withStripe(of: file) { stripe, hash in
      var number = unsafe find(file, hash, stripe)
      if number == 0 { number = unsafe make(file, hash, stripe) }
      guard number != 0 else { return nil }
      if let traits, unsafe !traits.isOlder(than: record(number, stripe).pointee.traits) {
        unsafe record(number, stripe).pointee.traits = traits
      }
      unsafe record(number, stripe).pointee.fills += 1
      unsafe record(number, stripe).pointee.lastIndex =
        max(index, record(number, stripe).pointee.lastIndex)
      return unsafe record(number, stripe).pointee.traits
    }
  }

  /// Gives `file` other traits; returns its record, nil when it has neither page nor fill, or newer traits.
  func setTraits(_ traits: FileTraits, of file: FileKey) -> Record? {
    unsafe withStripe(of: file) { stripe, hash in
      let number = unsafe find(file, hash, stripe)
      guard number != 0, unsafe !traits.isOlder(than: record(number, stripe).pointee.traits)
      else { return nil }
      unsafe record(number, stripe).pointee.traits = traits
      return unsafe record(number, stripe).pointee
    }
  }

  /// Ends a fill of `file`; `length` is the page's when it became resident, nil when it did not.
  func endFill(_ file: FileKey, length: Int?) {
    update(file) { record in
      record.fills -= 1
      record.pages += length == nil ? 0 : 1
      record.bytes += Int64(length ?? 0)
    }
  }

  /// Takes a resident page of `length` bytes off `file`.
  func removePage(_ file: FileKey, length: Int) {
    update(file) { record in
      record.pages -= 1
      record.bytes -= Int64(length)
    }
  }

  /// The record of `file`, or nil when it has neither page nor fill.
  func record(of file: FileKey) -> Record? {
    unsafe withStripe(of: file) { stripe, hash in
      let number = unsafe find(file, hash, stripe)
      return unsafe number == 0 ? nil : record(number, stripe).pointee
    }
  }

  /// Every file's record, one stripe at a time.
  ///
  /// O(n).
  func all() -> [Record] {
    var found: [Record] = []
    for number in 0..<FileTable.stripeCount {
      unsafe withLock(number) { stripe in
        for record in unsafe 1..<stripe.pointee.fresh {
          let record = unsafe self.record(record, stripe).pointee
          if record.pages > 0 || record.fills > 0 { found.append(record) }
        }
      }
    }
    return found
  }

  /// Number of files with a page or a fill.
  var count: Int {
    (0..<FileTable.stripeCount).reduce(0) { sum, number in
      unsafe sum + withLock(number) { unsafe Int($0.pointee.count) }
    }
  }

  // MARK: Inside

  private func stripe(_ number: Int) -> UnsafeMutablePointer<Stripe> {
    unsafe (stripes + number * FileTable.stride).assumingMemoryBound(to: Stripe.self)
  }

  private func record(_ number: UInt32, _ stripe: UnsafeMutablePointer<Stripe>)
    -> UnsafeMutablePointer<Record>
  {
    unsafe stripe.pointee.records + Int(number) * FileTable.stripeCount
  }

  private func hash(_ high: UInt64, _ low: UInt64) -> UInt64 {
    var x = seed &+ high &* 0x9E37_79B9_7F4A_7C15 &+ low &* 0xC2B2_AE3D_27D4_EB4F
    x = (x ^ x >> 32) &* 0xD6E8_FEB8_6659_FD93
    return x ^ x >> 32
  }

  private func withLock<T>(_ number: Int, _ body: (UnsafeMutablePointer<Stripe>) -> T) -> T {
    let stripe = unsafe stripe(number)
    unsafe pthread_mutex_lock(&stripe.pointee.mutex)
    defer { unsafe pthread_mutex_unlock(&stripe.pointee.mutex) }
    return unsafe body(stripe)
  }

  private func withStripe<T>(
    of file: FileKey, _ body: (UnsafeMutablePointer<Stripe>, UInt32) -> T
  ) -> T {
    let hash = hash(file.high, file.low)
    return unsafe withLock(Int(hash >> 58)) { unsafe body($0, UInt32(truncatingIfNeeded: hash)) }
  }

  private func find(_ file: FileKey, _ hash: UInt32, _ stripe: UnsafeMutablePointer<Stripe>)
    -> UInt32
  {
    var number = unsafe stripe.pointee.buckets[stripe.pointee.buckets.position(of: hash)]
    while number != 0 {
      let record = unsafe self.record(number, stripe)
      if unsafe record.pointee.low == file.low && record.pointee.high == file.high { break }
      number = unsafe record.pointee.next
    }
    return number
  }

  private func make(_ file: FileKey, _ hash: UInt32, _ stripe: UnsafeMutablePointer<Stripe>)
    -> UInt32
  {
    var number = unsafe stripe.pointee.free
    if number != 0 {
      unsafe stripe.pointee.free = record(number, stripe).pointee.next
    } else {
      guard unsafe stripe.pointee.fresh < stripe.pointee.capacity else { return 0 }
      number = unsafe stripe.pointee.fresh
      unsafe stripe.pointee.fresh += 1
    }
    let position = unsafe stripe.pointee.buckets.position(of: hash)
    unsafe record(number, stripe).pointee = Record(
      high: file.high, low: file.low, bytes: 0, pages: 0, fills: 0, lastIndex: 0,
      next: stripe.pointee.buckets[position], traits: FileTraits())
    unsafe stripe.pointee.buckets[position] = number
    unsafe stripe.pointee.count += 1
    unsafe stripe.pointee.buckets.grow(
      forCount: stripe.pointee.count,
      next: { unsafe record($0, stripe).pointee.next },
      setNext: { unsafe record($0, stripe).pointee.next = $1 },
      hash: { number in
        let record = unsafe self.record(number, stripe).pointee
        return UInt32(truncatingIfNeeded: self.hash(record.high, record.low))
      })
    return number
  }

  /// Changes the record of `file`, which exists, and frees it when nothing of the file is left.
  private func update(_ file: FileKey, _ change: (inout Record) -> Void) {
    unsafe withStripe(of: file) { stripe, hash in
      let number = unsafe find(file, hash, stripe)
      precondition(number != 0, "a file with a page or a fill has a record")
      let record = unsafe self.record(number, stripe)
      unsafe change(&record.pointee)
      guard unsafe record.pointee.pages == 0 && record.pointee.fills == 0 else { return }
      unsafe remove(number, hash, stripe)
    }
  }

  private func remove(_ number: UInt32, _ hash: UInt32, _ stripe: UnsafeMutablePointer<Stripe>) {
    let position = unsafe stripe.pointee.buckets.position(of: hash)
    var current = unsafe stripe.pointee.buckets[position]
    if current == number {
      unsafe stripe.pointee.buckets[position] = record(number, stripe).pointee.next
    } else {
      while unsafe record(current, stripe).pointee.next != number {
        current = unsafe record(current, stripe).pointee.next
        precondition(current != 0, "a record is in its bucket's chain")
      }
      unsafe record(current, stripe).pointee.next = record(number, stripe).pointee.next
    }
    unsafe record(number, stripe).pointee.next = stripe.pointee.free
    unsafe stripe.pointee.free = number
    unsafe stripe.pointee.count -= 1
  }
}
