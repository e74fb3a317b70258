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

  /// What a remote UFS is made with: the bounds of its requests, and the options left for itself.
  private static func bounded(
    _ scheme: String, _ specification: MountSpecification, _ environment: UFSEnvironment
  ) throws(MountError) -> (MountSpecification, UFSEnvironment) {
    var (specification, environment) = (specification, environment)
    let mount = specification.alluxioPath
    if scheme == "s3" || scheme == "s3a" {
      environment.flowOptions = try FlowOptions(
        parsing: environment.settings, defaults: environment.flowOptions, mount: mount)
    }
    environment.flowOptions = try FlowOptions(
      parsing: specification.options, defaults: environment.flowOptions, mount: mount)
    specification.options = specification.options.filter { !FlowOptions.ownKeys.contains($0.key) }
    return (specification, environment)
  }

  private static func fileSystem(
    _ uri: UFSURI, _ specification: MountSpecification, _ environment: UFSEnvironment
  ) throws(MountError) -> any UnderFileSystem {
    if uri.scheme != "file" {
      let (specification, environment) = try bounded(uri.scheme, specification, environment)
      return try remote(uri, specification, environment)
    }
    let options = try LocalUFS.Options(
      parsing: specification.options, mount: specification.alluxioPath)
    return try LocalUFS(
      root: "/" + uri.path, mount: specification.alluxioPath, options: options,
      pool: environment.pool)
  }

  private static func remote(
    _ uri: UFSURI, _ specification: MountSpecification, _ environment: UFSEnvironment
  ) throws(MountError) -> any UnderFileSystem {
    switch uri.scheme {
    case "hdfs": return try HDFSUFS(uri: uri, specification, environment)
    case "s3", "s3a":
      return try S3UFS(uri, specification, environment)
    case "http", "https": return try HTTPUFS(uri, specification, environment)
    default:
      throw MountError(.unsupportedScheme(uri.scheme), mount: specification.alluxioPath)
    }
  }
}
