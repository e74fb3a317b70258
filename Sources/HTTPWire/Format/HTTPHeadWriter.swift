// Response heads, written straight into raw memory.
//
//   block  ┌───────────────┬──────────────────────────────────────────────────────────┐
//          │ control 128 B │ HTTP/1.1 206 Partial Content\r\nDate: …\r\n … [body] …    │
//          └───────────────┴──────────────────────────────────────────────────────────┘
//           msghdr, iovecs   head, and small bodies behind it so that one send takes both
//
// A block of the usual size comes from and returns to its owner's pool; a head that outgrows it moves to a larger block.

import Glibc

/// Writer of one response head; owns its block while it has one.
// SAFETY: `block` is owned by this value alone, and every write is preceded by `reserve`.
@safe package struct HTTPHeadWriter: ~Copyable {
  /// Size of the part of a block that belongs to the sender.
  static let controlSize = 128
  /// Size of a pooled block in bytes.
  static let blockSize = 4096

  /// The block; nil between responses.
  private(set) var block: UnsafeMutableRawPointer?
  /// Size of the block in bytes.
  private var capacity = 0
  /// Bytes written behind the control part.
  private(set) var count = 0

  /// A writer without a block: its first write allocates one.
  package init() {}

  deinit { unsafe free(block) }

  /// Gives the writer `block`, which came from malloc and has `blockSize` bytes.
  mutating func attach(_ block: UnsafeMutableRawPointer) {
    precondition(unsafe self.block == nil, "a writer has one block")
    unsafe self.block = unsafe block
    capacity = Self.blockSize
    count = 0
  }

  /// Takes the block away: the caller owns it if it has the pooled size, else it is freed and nil is returned.
  mutating func detach() -> UnsafeMutableRawPointer? {
    defer {
      unsafe block = nil
      capacity = 0
      count = 0
    }
    if capacity == Self.blockSize { return unsafe block }
    unsafe free(block)
    return nil
  }

  /// The bytes written so far.
  package var bytes: UnsafeRawBufferPointer {
    guard let block = unsafe block else {
      return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    }
    return unsafe UnsafeRawBufferPointer(start: block + Self.controlSize, count: count)
  }

  /// Forgets what was written and keeps the block.
  mutating func reset() { count = 0 }

  /// Makes room for `extra` bytes and returns where they go.
  @inline(__always)
  private mutating func reserve(_ extra: Int) -> UnsafeMutableRawPointer {
    if Self.controlSize + count + extra > capacity { grow(extra) }
    guard let block = unsafe block else { preconditionFailure("a writer that grew has a block") }
    return unsafe block + Self.controlSize + count
  }

  /// Moves to a block that holds `extra` more bytes.
  @inline(never)
  private mutating func grow(_ extra: Int) {
    let needed = max(2 * (Self.controlSize + count + extra), 2 * Self.blockSize)
    // A process that cannot get these few bytes cannot report it either.
    guard let larger = unsafe malloc(needed) else { preconditionFailure("memory for a head") }
    if let old = unsafe block {
      unsafe memcpy(larger, old, Self.controlSize + count)
      unsafe free(old)
    }
    unsafe block = unsafe larger
    capacity = needed
  }

  // MARK: Raw pieces

  /// Writes `text` as it is.
  @inline(__always)
  package mutating func write(_ text: StaticString) {
    let size = text.utf8CodeUnitCount
    unsafe memcpy(reserve(size), text.utf8Start, size)
    count += size
  }

  /// Writes `bytes` as they are; for whole header lines that were rendered before, and for small bodies.
  package mutating func write(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    unsafe memcpy(reserve(bytes.count), base, bytes.count)
    count += bytes.count
  }

  /// Writes `value` in decimal digits.
  package mutating func write(_ value: Int64) {
    let out = unsafe reserve(20)
    var size = 0
    var magnitude = value.magnitude
    var end = 20
    // Digits are made from the last to the first at the end of the room, then moved to its start.
    repeat {
      end -= 1
      let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
      unsafe out.storeBytes(
        of: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: remainder), toByteOffset: end,
        as: UInt8.self)
      magnitude = quotient
    } while magnitude > 0
    if value < 0 {
      end -= 1
      unsafe out.storeBytes(of: UInt8(ascii: "-"), toByteOffset: end, as: UInt8.self)
    }
    size = 20 - end
    unsafe memmove(out, out + end, size)
    count += size
  }

  /// Writes `value` in lower-case hexadecimal digits, as in chunk sizes.
  package mutating func write(hexadecimal value: UInt64) {
    let digits = max(1, (64 - value.leadingZeroBitCount + 3) / 4)
    let out = unsafe reserve(digits)
    var rest = value
    for offset in stride(from: digits - 1, through: 0, by: -1) {
      let nibble = UInt8(truncatingIfNeeded: rest & 15)
      let digit = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
      unsafe out.storeBytes(of: digit, toByteOffset: offset, as: UInt8.self)
      rest >>= 4
    }
    count += digits
  }

  /// Writes `text`, with every control byte as a space: no value may end its line.
  package mutating func write(value text: String) {
    var copy = text
    copy.withUTF8 { utf8 in
      let raw = UnsafeRawBufferPointer(utf8)
      if unsafe ASCII.firstByte(below: 0x20, in: raw, from: 0) == raw.count {
        unsafe write(raw)
      } else {
        let out = unsafe reserve(raw.count)
        for offset in 0..<raw.count {
          let byte = unsafe raw[offset]
          let safe = byte < ASCII.space || byte == 0x7F ? ASCII.space : byte
          unsafe out.storeBytes(of: safe, toByteOffset: offset, as: UInt8.self)
        }
        count += raw.count
      }
    }
  }

  // MARK: Lines

  /// Writes the status line.
  @inline(__always)
  mutating func status(_ status: HTTPStatus) {
    write("HTTP/1.1 ")
    write(Int64(status.code))
    write(" ")
    write(status.reason)
    write("\r\n")
  }

  /// Writes the header line `name: value`.
  @inline(__always)
  package mutating func header(_ name: StaticString, _ value: StaticString) {
    write(name)
    write(": ")
    write(value)
    write("\r\n")
  }

  /// Writes the header line `name: value`; control bytes in `value` become spaces.
  package mutating func header(_ name: StaticString, _ value: String) {
    write(name)
    write(": ")
    write(value: value)
    write("\r\n")
  }

  /// Writes the header line `name: value` with a decimal number.
  package mutating func header(_ name: StaticString, _ value: Int64) {
    write(name)
    write(": ")
    write(value)
    write("\r\n")
  }

  /// Writes the header line `name: date`, given in seconds since the epoch.
  package mutating func header(_ name: StaticString, date seconds: Int64) {
    write(name)
    write(": ")
    unsafe HTTPDate.write(seconds, to: reserve(HTTPDate.size))
    count += HTTPDate.size
    write("\r\n")
  }

  /// Writes `Content-Range: bytes first-last/size` for `count` > 0 bytes at `offset` of a file of `size`.
  package mutating func contentRange(offset: Int64, count: Int64, size: Int64) {
    precondition(count > 0, "a served range is not empty")
    write("Content-Range: bytes ")
    write(offset)
    write("-")
    write(offset + count - 1)
    write("/")
    write(size)
    write("\r\n")
  }

  /// Writes `Content-Range: bytes */size`, which goes with 416.
  package mutating func contentRange(unsatisfiedSize size: Int64) {
    write("Content-Range: bytes */")
    write(size)
    write("\r\n")
  }

  /// Writes the `Date` line of `seconds` since the epoch.
  @inline(__always)
  mutating func date(_ seconds: Int64, cache: inout HTTPDateCache) {
    write("Date: ")
    unsafe cache.write(seconds, to: reserve(HTTPDate.size))
    count += HTTPDate.size
    write("\r\n")
  }
}
