// What is cached and how long it is fresh, by patterns over Alluxio and UFS paths (compat §8).

/// A cache filter: rules for data and rules for metadata.
package struct CacheFilter: Sendable {
  /// Rules for the bytes of files.
  package var data = FilterRules()
  /// Rules for their status.
  package var metadata = FilterRules()

  /// A filter that says nothing of any path.
  package init() {}

  /// Number of patterns.
  package var patternCount: Int { data.count + metadata.count }

  /// The names by which patterns may know a file.
  ///
  /// Rules written for Hadoop clients say `s3a://` where the UFS is `s3://`: they match under both.
  static func names(alluxioPath: String, ufsPath: String) -> [String] {
    var names = [alluxioPath, ufsPath]
    let scheme = "s3://"
    if ufsPath.utf8.starts(with: scheme.utf8) {
      names.append(
        "s3a://" + String(decoding: ufsPath.utf8.dropFirst(scheme.utf8.count), as: UTF8.self))
    }
    return names
  }
}
