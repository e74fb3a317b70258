// MD5 by OpenSSL, where a protocol demands it: for nothing that must resist anybody.

import CLinux

/// The MD5 digest.
package enum MD5 {
  /// The 16 bytes of the digest of `bytes`.
  package static func digest(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
    guard let digest = unsafe pen_digest_create(false) else {
      preconditionFailure("OpenSSL has MD5")
    }
    defer { unsafe pen_digest_free(digest) }
    unsafe pen_digest_update(digest, bytes.baseAddress, bytes.count)
    return unsafe Array(unsafeUninitializedCapacity: 16) { buffer, count in
      // MD5 is 16 bytes.
      count = Int(unsafe pen_digest_finish(digest, buffer.baseAddress))
    }
  }
}
