// Keys of the coordinator, the scheduler, the 2.x master and etcd.

extension ConfigurationRegistry {
  /// The process beside the workers.
  static let coordinatorKeys = serverKeys + schedulerKeys + masterKeys + etcdKeys

  /// Its servers and stores.
  private static let serverKeys = rows(
    .coordinator,
    [
      .init("alluxio.coordinator.hostname", .string, nil, "Host of the coordinator."),
      .init(
        "alluxio.coordinator.address", .string, nil,
        "Host and port of the coordinator that quotas are reported to."),
      .init("alluxio.coordinator.rpc.port", .port, "19998", "Port of the coordinator's gRPC."),
      .init(
        "alluxio.coordinator.web.port", .port, "19999",
        "Port of the coordinator's web server: REST and /metrics."),
      .init(
        "alluxio.coordinator.metastore.dir", .path, "${alluxio.work.dir}/metastore",
        "Directory of the coordinator's store."),
      .init(
        "alluxio.coordinator.job.meta.store.type", .choice(["ROCKS", "ETCD"]), "ROCKS",
        "Where jobs are kept: on this host, or shared by several coordinators."),
      .init(
        "alluxio.coordinator.failure.detection.timeout", .duration, "15s",
        "Silence after which another coordinator takes over a coordinator's jobs."),
    ])

  /// Jobs.
  private static let schedulerKeys = rows(
    .coordinator,
    [
      .init(
        "alluxio.coordinator.scheduler.interval.time", .duration, "2s",
        "Interval at which the scheduler looks for work."),
      .init(
        "alluxio.coordinator.scheduler.initial.wait.time", .duration, "2s",
        "Time after start before the first job is scheduled."),
      .init(
        "alluxio.coordinator.scheduler.max.tasks.per.worker", .positive, "3",
        "Tasks a worker runs at a time."),
      .init(
        "alluxio.coordinator.scheduler.running.job.capacity", .positive, "100",
        "Jobs that run at a time; further ones wait."),
      .init(
        "alluxio.coordinator.scheduler.waiting.job.capacity", .positive, "300000",
        "Jobs that may wait; further ones are refused."),
      .init(
        "alluxio.coordinator.scheduler.job.etcd.path", .string, "/alluxio/jobs/",
        "Prefix of jobs in etcd."),
      .init(
        "alluxio.coordinator.scheduler.job.etcd.poll.interval", .duration, "1s",
        "Interval at which waiting jobs are looked for in etcd."),
      .init(
        "alluxio.coordinator.scheduler.etcd.max.retries", .count, "2", "Retries of an etcd call."),
      .init(
        "alluxio.coordinator.scheduler.etcd.read.timeout", .duration, "10s",
        "Time a read from etcd may take."),
      .init(
        "alluxio.coordinator.scheduler.etcd.write.timeout", .duration, "15s",
        "Time a write to etcd may take."),
      .init("alluxio.job.batch.size", .positive, "200", "Files of one task."),
      .init(
        "alluxio.job.cleanup.interval", .duration, "1H",
        "Interval at which old jobs are looked for."),
      .init("alluxio.job.retention.time", .duration, "7d", "Time an ended job is kept."),
      .init(
        "alluxio.master.dora.load.job.total.failure.count.threshold", .countOrNone, "-1",
        "Failed files after which a load ends early; -1: any number."),
      .init(
        "alluxio.master.dora.load.job.total.failure.ratio.threshold", .ratio, "1.00",
        "Share of failed files after which a load ends early."),
      .init(
        "alluxio.master.dora.load.job.retry.dlq.capacity", .count, "1000000",
        "Failed files a load remembers to retry."),
      .init(
        "alluxio.master.dora.load.job.failed.file.list.dir", .path,
        "${alluxio.work.dir}/job_results/load", "Directory for the lists of failed files."),
      .init(
        "alluxio.dora.file.read.virtual.block.size", .size, "0MB",
        "Loads spread larger files over workers in pieces of this size; 0: whole files."),
    ])

  /// What workers of the 2.x line agree on with their master.
  private static let masterKeys = rows(
    .master,
    [
      .init(
        "alluxio.master.worker.timeout", .duration, "5min",
        "Silence after which the master gives up a worker."
      ).alias("alluxio.master.worker.timeout.ms"),
      .init(
        "alluxio.master.worker.heartbeat.interval", .duration, "10s",
        "Interval at which lost workers are looked for."
      ).alias("alluxio.master.lost.worker.detection.interval"),
      .init(
        "alluxio.master.lost.worker.deletion.timeout", .duration(off: true), "30min",
        "Time after which a lost worker is no longer listed, nor asked by FREE."),
      .init(
        "alluxio.master.worker.register.lease.enabled", .boolean, "true",
        "Limits how many workers register at a time."),
      .init(
        "alluxio.master.worker.register.lease.count", .positive, "20",
        "Workers that register at a time."),
      .init(
        "alluxio.master.worker.register.lease.ttl", .duration, "1min",
        "Silence after which a registration under way gives up its turn."),
      .init(
        "alluxio.worker.register.stream.enabled", .boolean, "true",
        "Tells the coordinator, when it registers, which files it holds."),
      .init(
        "alluxio.worker.register.stream.batch.size", .positive, "100000",
        "Files of one message of that stream, which has at most 1 MiB whatever this says."),
      .init(
        "alluxio.worker.register.stream.deadline", .duration, "15min",
        "Time the stream may take."),
      .init(
        "alluxio.master.rpc.executor.core.pool.size", .count, "500",
        "Threads of the RPC server kept alive."),
      .init(
        "alluxio.master.rpc.executor.max.pool.size", .positive, "500",
        "Most threads of the RPC server."),
      .init(
        "alluxio.master.network.keepalive.time", .duration, "2h",
        "Silence after which the master pings a client."),
      .init(
        "alluxio.master.network.keepalive.timeout", .duration, "30sec",
        "Time a pinged client has to answer."),
      .init(
        "alluxio.master.network.permit.keepalive.time", .duration, "30sec",
        "Shortest interval at which a client may ping."),
      .init(
        "alluxio.master.embedded.journal.port", .port, "19200", "Port of the master's journal."),
      .init("alluxio.job.master.rpc.port", .port, "20001", "Port of the job master's RPC."),
      .init("alluxio.job.master.web.port", .port, "20002", "Port of the job master's web server."),
      .init(
        "alluxio.job.master.embedded.journal.port", .port, "20003",
        "Port of the job master's journal."),
      .init("alluxio.job.worker.rpc.port", .port, "30001", "Port of the job worker's RPC."),
      .init("alluxio.job.worker.data.port", .port, "30002", "Port of the job worker's data."),
      .init("alluxio.job.worker.web.port", .port, "30003", "Port of the job worker's web server."),
      .init("alluxio.proxy.web.port", .port, "39999", "Port of the 2.x proxy."),
    ])

  /// The registry of workers and jobs.
  private static let etcdKeys = rows(
    .etcd,
    [
      .init(
        "alluxio.etcd.endpoints", .list, nil, "etcd's addresses, such as http://host:2379."),
      .init("alluxio.etcd.username", .string, nil, "User of etcd."),
      .init("alluxio.etcd.password", .string, nil, "Password of that user.").sensitive,
    ])
}
