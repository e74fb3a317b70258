// Linear hashing: heads of chains, one more with each entry, so that a table grows by one bucket at a time and never
// rehashes as a whole (Litwin 1980).
//
//   count = 11, mask = 15        buckets 0…10 exist; a hash whose low 4 bits say 11…15 uses 3 bits
//   grow: bucket 3 is split into 3 and 11; count = 12
//
// The entries and their `next` fields belong to the user of the table; 0 ends a chain.

/// The heads of a hash table's chains over flat memory.
@safe struct LinearBuckets {
  private static let initialCount: UInt32 = 16

  // SAFETY: points to `capacity` zeroed heads that outlive the table; guarded by the stripe's lock.
  private let heads: UnsafeMutablePointer<UInt32>
  private let stride: Int
  private let capacity: UInt32
  private(set) var count = initialCount
  private var mask = initialCount * 2 - 1

  /// A table over `capacity` zeroes, `stride` apart from `heads` on.
  init(heads: UnsafeMutablePointer<UInt32>, stride: Int = 1, capacity: UInt32) {
    precondition(capacity >= LinearBuckets.initialCount, "a table has a bucket")
    unsafe self.heads = heads
    self.stride = stride
    self.capacity = capacity
  }

  /// The bucket of `hash`.
  @inline(__always)
  func position(of hash: UInt32) -> Int {
    let position = hash & mask
    return Int(position < count ? position : position & (mask >> 1))
  }

  /// First entry of the bucket at `position`, 0 when it is empty.
  @inline(__always)
  subscript(position: Int) -> UInt32 {
    get { unsafe heads[position * stride] }
    nonmutating set { unsafe heads[position * stride] = newValue }
  }

  /// Splits one bucket when there are more entries than buckets.
  ///
  /// `next` and `setNext` walk the user's chains, `hash` gives an entry's hash.
  @inline(__always)
  mutating func grow(
    forCount used: UInt32, next: (UInt32) -> UInt32, setNext: (UInt32, UInt32) -> Void,
    hash: (UInt32) -> UInt32
  ) {
    guard used > count, count < capacity else { return }
    let source = Int(count & (mask >> 1))
    var entry = self[source]
    var (kept, moved): (UInt32, UInt32) = (0, 0)
    while entry != 0 {
      let following = next(entry)
      if hash(entry) & mask == count {
        setNext(entry, moved)
        moved = entry
      } else {
        setNext(entry, kept)
        kept = entry
      }
      entry = following
    }
    self[source] = kept
    self[Int(count)] = moved
    count += 1
    if count & (count - 1) == 0 { mask = count * 2 - 1 }
  }
}
