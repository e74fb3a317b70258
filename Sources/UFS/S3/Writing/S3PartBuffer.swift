// The bytes of a part before they are sent.

/// Memory that grows by doubling up to a part's size, freed with its owner.
// SAFETY: the memory belongs to this value's owner alone; nobody keeps `bytes` across a change.
@safe struct S3PartBuffer: ~Copyable {
  private var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// Bytes in it.
  private(set) var count = 0

  /// An empty buffer without memory.
  init() {}

  deinit { unsafe memory.deallocate() }

  /// What is in it; valid until the next change.
  var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<count])
  }

  /// Adds `bytes`; it then holds at most `max`.
  mutating func append(_ bytes: UnsafeRawBufferPointer, max: Int) {
    precondition(count + bytes.count <= max, "a part has room")
    if unsafe count + bytes.count > memory.count {
      let size = unsafe min(max, Swift.max(count + bytes.count, memory.count * 2, 64 << 10))
      let grown = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
      unsafe grown.copyMemory(from: self.bytes)
      unsafe memory.deallocate()
      unsafe memory = grown
    }
    unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
    count += bytes.count
  }

  /// Gives the memory back.
  mutating func free() {
    unsafe memory.deallocate()
    unsafe memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    count = 0
  }
}
