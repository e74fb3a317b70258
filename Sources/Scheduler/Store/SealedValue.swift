// The envelope of every value in the store.
//
//   0  format, 1      1…8  first 8 bytes of SHA-256 of the rest      9…  the rest

import Model

/// Puts values into their envelope and takes them out.
enum SealedValue {
  private static let format: UInt8 = 1
  private static let headSize = 9

  /// The envelope of what `body` writes.
  static func seal(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
    var content = ByteWriter()
    body(&content)
    var whole = ByteWriter()
    whole.byte(format)
    whole.number(sum(of: content.bytes[...]))
    whole.raw(content.bytes)
    return whole.bytes
  }

  /// A reader of what is in the envelope; nil when the envelope is damaged or of another format.
  static func open(_ bytes: [UInt8]) -> ByteReader? {
    var head = ByteReader(bytes)
    guard head.byte() == format, let sum = head.number(), sum == Self.sum(of: bytes[headSize...])
    else { return nil }
    return ByteReader(bytes, from: headSize)
  }

  private static func sum(of bytes: ArraySlice<UInt8>) -> UInt64 {
    unsafe bytes.withUnsafeBytes { unsafe Digest256(of: $0).words.0.byteSwapped }
  }
}
