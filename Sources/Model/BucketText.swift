// Paths of object stores, told by their scheme.

extension String {
  /// Whether this URI or UFS path names a bucket, or an object in one.
  package var namesBucket: Bool {
    ["s3://", "s3a://"].contains { utf8.starts(with: $0.utf8) }
  }
}
