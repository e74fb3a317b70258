// Keys as RocksDB's C interface takes them, and the order it keeps them in.

extension [UInt8] {
  /// The least key above everything that begins with these bytes; empty when there is none, since all of them are 0xFF.
  var successor: [UInt8] {
    var bytes = self
    while bytes.last == .max { bytes.removeLast() }
    if let last = bytes.last { bytes[bytes.count - 1] = last + 1 }
    return bytes
  }

  /// Gives the bytes for the length of the call.
  func withCBytes<R>(_ body: (UnsafePointer<CChar>?, Int) -> R) -> R {
    unsafe withUnsafeBytes {
      unsafe body($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
  }
}
