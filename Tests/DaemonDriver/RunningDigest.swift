// SHA-256 of bytes that arrive in pieces.

import CLinux

/// A running SHA-256.
///
/// SAFETY: the OpenSSL state is made and freed here and seen by nobody else.
@safe
package struct RunningDigest: ~Copyable {
  private let state: OpaquePointer?

  /// The digest of nothing yet.
  package init() { unsafe state = pen_digest_create(true) }

  deinit { unsafe pen_digest_free(state) }

  /// Adds bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    unsafe pen_digest_update(state, bytes.baseAddress, bytes.count)
  }

  /// The digest as 64 hexadecimal digits.
  package consuming func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = unsafe pen_digest_finish(state, &digest)
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
