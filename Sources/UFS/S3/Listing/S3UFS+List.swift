// Listings and walks.

import Model

extension S3UFS {
  package func list(
    _ path: String, _ options: UFSListing
  ) async throws(UFSError) -> any UFSLister {
    try check(path, "ufs.list")
    let lister = S3Lister(self, path, options)
    try await lister.begin()
    // A resumed listing may be at its end.
    if !lister.hasSeenKey, options.cursor == nil { try await expectRoot(path, "ufs.list") }
    return lister
  }

  package func walk(
    _ path: String, _ options: UFSListing
  ) async throws(UFSError) -> any UFSLister {
    try check(path, "ufs.walk")
    let walker = S3Walker(self, path, options)
    let hasKeys = try await walker.begin()
    if !hasKeys, options.cursor == nil { try await expectRoot(path, "ufs.walk") }
    return walker
  }

  package func walk(
    _ path: String, _ options: UFSListing, shards: Int
  ) async throws(UFSError) -> any UFSLister {
    try check(path, "ufs.walk")
    if let cursor = options.cursor {
      guard let place = S3WalkCursor(cursor) else {
        throw error(.invalid, "ufs.walk", path, .rule(.staleCursor))
      }
      return S3ShardedWalker(self, path, place, options, shardCountMax: shards)
    }
    let first = S3Walker(self, path, options)
    if try await !first.begin() { try await expectRoot(path, "ufs.walk") }
    return S3ShardedWalker(self, path, first, options, shardCountMax: shards)
  }

  /// Says why nothing lies below `path`, unless that is the root.
  private func expectRoot(_ path: String, _ operation: StaticString) async throws(UFSError) {
    if path.isEmpty { return }
    if try await file(path, operation) != nil {
      throw error(.notDirectory, operation, path, .rule(.specialFile))
    }
    throw missing(path, operation)
  }
}
