// MD5 by OpenSSL.

import CLinux

/// MD5, which S3 demands of bulk deletions.
enum MD5 {
  /// The 16 bytes of the digest.
  static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: 32)
    guard let digest = unsafe pen_digest_create(false) else {
      preconditionFailure("OpenSSL has MD5")
    }
    defer { unsafe pen_digest_free(digest) }
    unsafe pen_digest_update(digest, bytes.baseAddress, bytes.count)
    let count = unsafe out.withUnsafeMutableBufferPointer { buffer in
      unsafe pen_digest_finish(digest, buffer.baseAddress)
    }
    return Array(out.prefix(Int(count)))
  }
}
