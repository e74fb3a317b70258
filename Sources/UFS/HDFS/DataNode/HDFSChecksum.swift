// The checksums of blocks: one number for every chunk of some hundred bytes.

import CLinux

/// How the bytes of a block are summed.
struct HDFSChecksum: Sendable, Hashable {
  /// The kind of sum.
  enum Kind: UInt64, Sendable {
    case none = 0
    case crc32
    case crc32c
  }

  /// The longest chunk taken.
  static let chunkSizeMax = 1 << 20

  /// The kind of sum.
  let kind: Kind
  /// Bytes under one sum.
  let chunkSize: Int

  /// Bytes of one sum.
  var sumSize: Int { kind == .none ? 0 : 4 }

  /// Bytes of the sums of `count` bytes.
  func sumsLength(of count: Int) -> Int { (count + chunkSize - 1) / chunkSize * sumSize }

  /// A checksum of its parts.
  init(kind: Kind, chunkSize: Int) {
    self.kind = kind
    self.chunkSize = chunkSize
  }

  /// Reads a message.
  init(_ message: ProtobufReader) throws(HDFSWireError) {
    var message = message
    var (kind, chunkSize): (Kind?, Int?) = (nil, nil)
    while let field = try message.next() {
      switch field.number {
      case 1: kind = Kind(rawValue: try message.number(field))
      case 2: chunkSize = Int(try message.number32(field))
      default: try message.skip(field)
      }
    }
    guard let kind, let chunkSize, (1...Self.chunkSizeMax).contains(chunkSize) else {
      throw .checksumKind
    }
    (self.kind, self.chunkSize) = (kind, chunkSize)
  }

  /// Writes a message.
  func write(_ message: inout ProtobufWriter) {
    message.number(1, kind.rawValue)
    message.number(2, UInt64(chunkSize))
  }

  /// Whether `sums` are those of `data`, which begins at a chunk.
  func matches(_ data: UnsafeRawBufferPointer, sums: UnsafeRawBufferPointer) -> Bool {
    guard kind != .none else { return true }
    precondition(sums.count == sumsLength(of: data.count), "there is a sum for every chunk")
    return unsafe pen_checksums_match(
      kind == .crc32c, data.baseAddress, data.count, chunkSize, sums.baseAddress)
  }

  /// As `matches`, for data in pieces that cut chunks anywhere.
  func matches(
    pieces: [UnsafeRawBufferPointer], sums: UnsafeRawBufferPointer
  ) -> Bool {
    guard kind != .none else { return true }
    var (sum, filled, index): (UInt32, Int, Int) = (0, 0, 0)
    func isRight() -> Bool {
      defer { (sum, filled, index) = (0, 0, index + 4) }
      guard index + 4 <= sums.count else { return false }
      return unsafe UInt32(bigEndian: sums.loadUnaligned(fromByteOffset: index, as: UInt32.self))
        == sum
    }
    for number in unsafe pieces.indices {
      var rest = unsafe pieces[number]
      while rest.count > 0 {
        let count = min(rest.count, chunkSize - filled)
        sum = unsafe add(sum, UnsafeRawBufferPointer(rebasing: rest[..<count]))
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        filled += count
        if filled == chunkSize, !isRight() { return false }
      }
    }
    return filled == 0 || isRight()
  }

  /// Writes the sums of `data`, which begins at a chunk.
  func fill(_ sums: UnsafeMutableRawBufferPointer, for data: UnsafeRawBufferPointer) {
    guard kind != .none else { return }
    precondition(sums.count == sumsLength(of: data.count), "there is a sum for every chunk")
    var start = 0
    for index in stride(from: 0, to: sums.count, by: 4) {
      let end = min(start + chunkSize, data.count)
      let sum = unsafe add(0, UnsafeRawBufferPointer(rebasing: data[start..<end]))
      unsafe sums.storeBytes(of: sum.bigEndian, toByteOffset: index, as: UInt32.self)
      start = end
    }
  }

  private func add(_ sum: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    unsafe kind == .crc32c
      ? pen_crc32c(sum, bytes.baseAddress, bytes.count)
      : pen_crc32(sum, bytes.baseAddress, bytes.count)
  }
}
