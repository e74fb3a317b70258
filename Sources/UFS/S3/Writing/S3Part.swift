// A part on its way, whose memory lives until it was sent.

/// The bytes of one part.
// SAFETY: made on a reactor's thread, sent there, and not changed meanwhile.
@safe final class S3Part: @unchecked Sendable {
  private let buffer: S3PartBuffer
  private let grant: UploadGrant?

  /// A part that owns what is in `buffer`, by `grant`.
  init(_ buffer: consuming S3PartBuffer, _ grant: UploadGrant?) {
    self.buffer = buffer
    self.grant = grant
  }

  /// Its bytes, as long as it lives.
  var bytes: UnsafeRawBufferPointer { unsafe buffer.bytes }
}
