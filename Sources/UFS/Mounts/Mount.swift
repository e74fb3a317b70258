// One mount: an Alluxio path tied to a UFS root.

/// A UFS mounted at an Alluxio path.
package struct Mount: Sendable {
  /// `/`, or `/name` without a slash at its end.
  package let alluxioPath: String
  /// The UFS root.
  package let uri: UFSURI
  /// The UFS behind it.
  package let ufs: any UnderFileSystem
  /// The options it was made with; may hold credentials.
  package let options: [String: String]

  /// A mount of its parts.
  ///
  /// - Throws: `.badPath` unless the Alluxio path is `/` or components after slashes.
  package init(
    alluxioPath: String, uri: UFSURI, ufs: any UnderFileSystem, options: [String: String] = [:]
  ) throws(MountError) {
    do throws(PathRule) {
      self.alluxioPath = "/" + (try Self.normalised(alluxioPath))
    } catch {
      throw MountError(.badPath(error), mount: alluxioPath)
    }
    self.uri = uri
    self.ufs = ufs
    self.options = options
  }

  /// The Alluxio path without its slash: `""` for the mount at `/`.
  var prefix: String { String(Substring(alluxioPath.utf8.dropFirst())) }

  /// An Alluxio path without the slashes at its ends, once its components are found to be names.
  ///
  /// - Throws: The rule it breaks.
  static func normalised(_ alluxioPath: String) throws(PathRule) -> String {
    guard hasBytePrefix(alluxioPath, "/") else { throw .relative }
    let path = withoutTrailingSlashes(String(Substring(alluxioPath.utf8.dropFirst())))
    if let rule = LocalPath.brokenCommonRule(path) { throw rule }
    return path
  }
}
