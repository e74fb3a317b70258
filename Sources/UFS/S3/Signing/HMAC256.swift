// HMAC-SHA-256 by OpenSSL.

import CLinux

/// Keyed digests.
enum HMAC256 {
  /// The 32 bytes of HMAC-SHA-256 of `text` under `key`.
  static func code(key: [UInt8], _ text: String) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: 32)
    var copy = text
    copy.withUTF8 { data in
      unsafe key.withUnsafeBytes { key in
        unsafe out.withUnsafeMutableBufferPointer { out in
          let rc = unsafe pen_hmac_sha256(
            key.baseAddress, key.count, data.baseAddress, data.count, out.baseAddress)
          precondition(rc == 0, "OpenSSL computes HMAC-SHA-256")
        }
      }
    }
    return out
  }

  /// Lower-case hexadecimal digits.
  static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
