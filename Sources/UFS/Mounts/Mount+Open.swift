// From a mount's specification to the under file system of its scheme.

extension Mount {
  /// Opens the UFS of `specification`.
  ///
  /// - Throws: The problem found, naming the mount and the remedy.
  package init(
    opening specification: MountSpecification, in environment: UFSEnvironment
  ) throws(MountError) {
    let uri: UFSURI
    do throws(PathRule) {
      uri = try UFSURI(parsing: specification.uri)
    } catch {
      throw MountError(.badURI(specification.uri, error), mount: specification.alluxioPath)
    }
    try self.init(
      alluxioPath: specification.alluxioPath, uri: uri,
      ufs: try Self.fileSystem(uri, specification, environment), options: specification.options)
  }

  private static func fileSystem(
    _ uri: UFSURI, _ specification: MountSpecification, _ environment: UFSEnvironment
  ) throws(MountError) -> any UnderFileSystem {
    switch uri.scheme {
    case "file":
      let options = try LocalUFS.Options(
        parsing: specification.options, mount: specification.alluxioPath)
      return try LocalUFS(
        root: "/" + uri.path, mount: specification.alluxioPath, options: options,
        pool: environment.pool)
    case "hdfs": return try HDFSUFS(uri: uri, specification, environment)
    case "s3", "s3a":
      return try S3UFS(uri, specification, environment)
    case "http", "https": return try HTTPUFS(uri, specification, environment)
    default:
      throw MountError(.unsupportedScheme(uri.scheme), mount: specification.alluxioPath)
    }
  }
}
