// Keys of the whole product.

extension ConfigurationRegistry {
  /// Where things are, and what the cluster is called.
  static let generalKeys = rows(
    .general,
    [
      .init(
        "alluxio.cluster.name", .string, "DefaultAlluxioCluster",
        "Name of the cluster; workers register and find each other under it."),
      .init(
        "alluxio.home", .path, ".",
        "Root of the installation; without a setting the directory the process was started in."),
      .init(
        "alluxio.conf.dir", .path, "${alluxio.home}/conf",
        "Directory of the site properties file; --conf sets it."),
      .init(
        "alluxio.work.dir", .path, "${alluxio.home}",
        "Directory under which the daemon keeps its state."),
    ])
}
