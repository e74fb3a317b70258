// What the daemon's configuration says to every mount of HDFS.

/// Defaults of HDFS mounts.
package struct HDFSEnvironment: Sendable {
  /// Who we are to clusters; nil takes HADOOP_USER_NAME or the process's user.
  package var user: String?

  /// Defaults of their parts.
  package init(user: String? = nil) {
    self.user = user
  }
}
