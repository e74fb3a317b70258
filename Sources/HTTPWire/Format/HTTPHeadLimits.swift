// Bounds of a request head.

/// Bounds of a request head; beyond either the request is refused with 431.
package struct HTTPHeadLimits: Sendable, Hashable {
  /// Largest head in bytes, request line and final empty line included.
  package var sizeMax: Int
  /// Largest number of header lines.
  package var fieldCountMax: Int

  /// Limits of `sizeMax` bytes, at least 64 and at most 1 MiB, and `fieldCountMax` header lines.
  package init(sizeMax: Int = 16 << 10, fieldCountMax: Int = 100) {
    precondition(sizeMax >= 64, "a head limit leaves room for a request line")
    precondition(sizeMax <= 1 << 20, "a head limit is at most 1 MiB")
    precondition(fieldCountMax >= 1, "a request may carry a header")
    self.sizeMax = sizeMax
    self.fieldCountMax = fieldCountMax
  }
}
