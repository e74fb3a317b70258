// gzip, piece by piece: a file may hold several members, one after the other.

import CZlib

/// Inflates a gzip file that is given piece by piece.
@safe final class GzipDecoder {
  /// Why the bytes are no gzip.
  struct Problem: Error {
    /// One line.
    let reason: String
  }

  // SAFETY: allocated and freed with this object, and used by it alone; zlib keeps a pointer to it.
  private let stream: UnsafeMutablePointer<z_stream>
  private var output = [UInt8](repeating: 0, count: 64 << 10)
  /// Whether the bytes so far end with a whole member.
  private(set) var isComplete = false

  /// A decoder at the start of a file.
  ///
  /// - Throws: when there is no memory.
  init() throws(Problem) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    guard unsafe pen_gunzip_begin(stream) == Z_OK else {
      unsafe stream.deallocate()
      throw Problem(reason: "there is no memory to inflate it")
    }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Inflates the next bytes of the file, and hands what they come to on in parts.
  ///
  /// - Throws: when they are no gzip.
  func decode(_ input: ArraySlice<UInt8>, emit: (ArraySlice<UInt8>) -> Void) throws(Problem) {
    var rest = input
    while !rest.isEmpty {
      let (used, made, code) = inflateOnce(&rest)
      if made > 0 { emit(output[..<made]) }
      switch code {
      case Z_STREAM_END:
        isComplete = true
        guard unsafe inflateReset(stream) == Z_OK else { throw Problem(reason: "zlib fails") }
      case Z_OK: isComplete = false
      case Z_BUF_ERROR where used == 0 && made == 0: return
      case Z_BUF_ERROR: continue
      default: throw Problem(reason: "it is no sound gzip")
      }
    }
    guard !isComplete else { return }
    // What did not fit into the output before.
    while true {
      let (_, made, code) = inflateOnce(&rest)
      if made > 0 { emit(output[..<made]) }
      if code == Z_STREAM_END {
        isComplete = true
        guard unsafe inflateReset(stream) == Z_OK else { throw Problem(reason: "zlib fails") }
        return
      }
      guard code == Z_OK || code == Z_BUF_ERROR else {
        throw Problem(reason: "it is no sound gzip")
      }
      if made == 0 { return }
    }
  }

  /// One call of zlib; takes what it used from `input`.
  private func inflateOnce(_ input: inout ArraySlice<UInt8>) -> (used: Int, made: Int, Int32) {
    let (given, room) = (input.count, output.count)
    // SAFETY: both buffers live for the call, and zlib is told their sizes; pieces are far below 4 GiB.
    let (left, space, code) = unsafe input.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { target in
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
          mutating: source.bindMemory(to: UInt8.self).baseAddress)
        unsafe stream.pointee.avail_in = UInt32(given)
        unsafe stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
        unsafe stream.pointee.avail_out = UInt32(room)
        let code = unsafe inflate(stream, Z_NO_FLUSH)
        return unsafe (Int(stream.pointee.avail_in), Int(stream.pointee.avail_out), code)
      }
    }
    input = input.dropFirst(given - left)
    return (given - left, room - space, code)
  }
}
