// Taking files out of the cache, as tasks see it.

package import Scheduler

/// Frees cached data by UFS path.
package protocol CacheFreeing: Sendable {
  /// Takes the path and everything below it out of the cache.
  ///
  /// Suspends while the catalog is read.
  ///
  /// - Returns: what left the cache, or why it could not.
  func free(ufsPath: String) async -> Result<FileCount, LoadFailure>
}
