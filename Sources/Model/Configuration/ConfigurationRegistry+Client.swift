// Keys that Java clients read from the same site file, security, and keys without effect.

extension ConfigurationRegistry {
  /// Clients and security.
  static let clientKeys = rows(.client, readKeys + retryKeys + selectionKeys) + securityKeys

  /// How a client reads and writes.
  private static let readKeys: [ConfigurationKey] = [
    .init("alluxio.user.file.readtype.default", .string, "CACHE", "How files are read."),
    .init(
      "alluxio.user.file.writetype.default", .string, "CACHE_THROUGH", "How files are written."),
    .init("alluxio.user.block.size.bytes.default", .size, "64MB", "Size of a block of 2.x."),
    .init("alluxio.user.file.replication.min", .count, "0", "Least copies of a file."),
    .init("alluxio.user.file.replication.max", .countOrNone, "-1", "Most copies; -1: no limit."),
    .init(
      "alluxio.user.file.replication.durable", .positive, "1",
      "Copies of a file that is not yet in its UFS."),
    .init(
      "alluxio.user.metadata.cache.max.size", .count, "0", "Files whose metadata is cached."),
    .init(
      "alluxio.user.metadata.cache.expiration.time", .duration, nil,
      "Time metadata is cached."),
    .init(
      "alluxio.dora.client.ufs.fallback.enabled", .boolean, "true",
      "Reads the UFS when no worker answers."),
    .init(
      "alluxio.dora.client.metadata.cache.enabled", .boolean, "true", "Caches metadata."),
    .init(
      "alluxio.user.position.reader.preload.data.enabled", .boolean, "false",
      "Reads ahead of positioned reads."),
    .init(
      "alluxio.user.position.reader.preload.data.size", .size, "256MB", "Bytes read ahead."),
    .init(
      "alluxio.user.position.reader.preload.data.file.size.threshold", .size, "2GB",
      "Largest file that is read ahead."),
    .init("alluxio.user.client.cache.ttl.enabled", .boolean, "false", "Evicts by age."),
    .init(
      "alluxio.user.client.cache.ttl.check.interval.seconds", .positive, "3600",
      "Seconds between looks for aged data."),
    .init(
      "alluxio.user.client.cache.ttl.threshold.seconds", .positive, "10800",
      "Seconds after which data is aged."),
  ]

  /// How a client bears with a slow network.
  private static let retryKeys: [ConfigurationKey] = [
    .init("alluxio.user.rpc.retry.base.sleep", .duration, "50ms", "First pause of a retry."),
    .init("alluxio.user.rpc.retry.max.sleep", .duration, "3sec", "Longest pause of a retry."),
    .init("alluxio.user.rpc.retry.max.duration", .duration, "2min", "Time retries may take."),
    .init(
      "alluxio.user.network.rpc.keepalive.time", .duration(off: true), "30sec",
      "Silence after which a client pings."),
    .init(
      "alluxio.user.network.rpc.keepalive.timeout", .duration, "30sec",
      "Time the server has to answer."),
    .init(
      "alluxio.user.network.streaming.keepalive.time", .duration(off: true), "Long.MAX_VALUE",
      "Silence on a stream after which a client pings."),
    .init(
      "alluxio.user.network.streaming.keepalive.timeout", .duration, "30s",
      "Time the server has to answer on a stream."),
  ]

  /// How a client picks a worker.
  private static let selectionKeys: [ConfigurationKey] = [
    .init(
      "alluxio.user.worker.selection.policy", .string, "CONSISTENT",
      "How a worker is picked for a file."),
    .init(
      "alluxio.user.worker.selection.policy.consistent.hash.provider.impl", .string, nil,
      "Variant of the hash ring: DEFAULT or CAPACITY."),
    .init(
      "alluxio.user.dynamic.consistent.hash.ring.enabled", .boolean, "true",
      "Leaves lost workers out of the hash ring."),
    .init(
      "alluxio.user.consistent.hash.virtual.node.count.per.worker", .positive, "2000",
      "Points of each worker on the hash ring; clients must use the same number."
    ).alias("alluxio.user.worker.selection.policy.consistent.hash.virtual.node.count.per.worker"),
  ]

  /// Who may do what.
  private static let securityKeys = rows(
    .security,
    [
      .init(
        "alluxio.security.authentication.type", .choice(["NOSASL", "SIMPLE", "CUSTOM"]), "SIMPLE",
        "How users are known."),
      .init(
        "alluxio.security.authorization.permission.enabled", .boolean, "true",
        "Checks permissions."),
      .init(
        "alluxio.security.authorization.permission.supergroup", .string, "supergroup",
        "Group that may do everything."),
      .init(
        "alluxio.security.authorization.permission.umask", .string, "022",
        "Permission bits taken from new files, octal."),
      .init("alluxio.security.login.username", .string, nil, "User; without one, the process's."),
      .init(
        "alluxio.security.login.impersonation.username", .string, "_HDFS_USER_",
        "User to act as."),
      .init(
        "alluxio.security.group.mapping.class", .string,
        "alluxio.security.group.provider.ShellBasedUnixGroupsMapping", "How groups are known."),
      .init(
        "alluxio.security.group.mapping.cache.timeout", .duration(off: true), "1min",
        "Time groups are cached."),
      .init(
        "alluxio.network.tls.enabled", .boolean, "false",
        "Speaks TLS between coordinator and workers (gRPC); the ports of HTTP stay as they are."),
      .init(
        "penstock.network.tls.certificate", .path, nil,
        "PEM file: this process's certificate, and what leads from it to an authority."),
      .init("penstock.network.tls.key", .path, nil, "PEM file: the key of that certificate."),
      .init(
        "penstock.network.tls.ca.file", .path, nil,
        "PEM file: the authorities whose certificates are trusted; without it the system's are."),
      .init(
        "penstock.network.tls.client.auth", .boolean, "false",
        "Refuses gRPC clients without a certificate of a trusted authority (mutual TLS)."),
      .init(
        "penstock.network.tls.server.name", .string, nil,
        "Name that the certificates of servers bear, when it is not the host that is called."),
    ])

  /// Keys of charts and old files that have nothing to act on here.
  static let unusedKeys = rows(
    .unused,
    [
      .init("alluxio.master.journal.type", .string, nil, "Kind of the 2.x journal."),
      .init("alluxio.master.journal.folder", .string, nil, "Place of the 2.x journal."),
      .init(
        "alluxio.master.journal.ufs.option.{key}", .string, nil, "Option of the journal's UFS."),
      .init("alluxio.master.metastore", .string, nil, "Kind of the 2.x inode store."),
      .init("alluxio.metadata.cache.max.size", .string, nil, "Size of an inode cache."),
      .init("alluxio.user.metadata.cache.enabled", .string, nil, "Old switch of that cache."),
      .init("alluxio.user.direct.memory.io.enabled", .string, nil, "Switch of the Java client."),
      .init("alluxio.user.logging.threshold", .string, nil, "Slow call log of the Java client."),
      .init(
        "alluxio.security.stale.channel.purge.interval", .string, nil,
        "Interval of an authentication clean-up."),
    ])
}
