// How a cluster is used.

/// Limits and preferences of an HDFS mount; defaults are those of Hadoop's own client where it has them.
package struct HDFSOptions: Sendable, Hashable {
  /// Refuses every change.
  package var isReadOnly = false
  /// How long a connection may take to be made.
  package var connectTime = Duration.seconds(20)
  /// How long a call may take, all its attempts together.
  package var callTime = Duration.seconds(60)
  /// How long a data node may say nothing.
  package var stallTime = Duration.seconds(60)
  /// The same, while another data node has the block, too.
  package var replicaTime = Duration.seconds(5)
  /// How often every name node is asked before a call fails.
  package var rounds = 5
  /// How long a connection to a data node is kept for the next read.
  package var keepTime = Duration.seconds(3)
  /// Whether data nodes are reached by name, as from outside their network.
  package var usesHostNames = false
  /// Copies and size of the blocks of new files; nil takes the cluster's.
  package var replication: UInt32?
  package var blockSize: Int64?
  /// How long one look at a file's version is good for.
  package var versionTime = Duration.milliseconds(20)

  /// Options with defaults for everything.
  package init() {}
}
