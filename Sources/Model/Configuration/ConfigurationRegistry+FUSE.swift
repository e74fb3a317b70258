// Keys of the FUSE process.

extension ConfigurationRegistry {
  /// The mount on a client's host.
  static let fuseKeys = rows(
    .fuse,
    [
      .init("alluxio.fuse.mount.point", .path, "/mnt/alluxio-fuse", "Where it is mounted."),
      .init("alluxio.fuse.mount.alluxio.path", .string, "/", "What is mounted."),
      .init(
        "alluxio.fuse.mount.options", .list, "attr_timeout=600,entry_timeout=600",
        "Options of the mount."),
      .init("alluxio.fuse.fs.name", .string, "alluxio-fuse", "Name of the file system."),
      .init("alluxio.fuse.jnifuse.libfuse.version", .integer(2...3), "3", "Version of libfuse."),
      .init("alluxio.fuse.cached.paths.max", .count, "500", "Paths kept in memory."),
      .init("alluxio.fuse.max.reader.concurrency", .positive, "128", "Reads in flight."),
      .init("alluxio.fuse.debug.enabled", .boolean, "false", "Logs every call."),
      .init(
        "alluxio.fuse.logging.threshold", .duration, "10s", "Calls longer than this are logged."),
      .init(
        "alluxio.fuse.stat.cache.refresh.interval", .duration, "5min",
        "Age at which the file system's numbers are asked for again."),
      .init("alluxio.fuse.umount.timeout", .duration, "0s", "Time open files have to close."),
      .init(
        "alluxio.fuse.special.command.enabled", .boolean, "false",
        "Takes commands as special paths."),
      .init(
        "alluxio.fuse.user.group.translation.enabled", .boolean, "false",
        "Shows users and groups by their local numbers."),
      .init("alluxio.fuse.web.enabled", .boolean, "false", "Serves metrics."),
      .init("alluxio.fuse.web.port", .port, "49999", "Port of the metrics."),
    ])
}
