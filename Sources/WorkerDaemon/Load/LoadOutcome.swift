// What one call of `LoadSource.load` brought.

/// What became of a range of pages.
package enum LoadOutcome: Equatable, Sendable {
  /// Every page is cached: `filled` bytes came from the UFS now, `resident` bytes were there.
  case cached(filled: Int64, resident: Int64)
  /// The cache has no room for it; the text says why.
  case rejected(String)
  /// The UFS did not give the bytes.
  case failed(LoadFailure)
}
