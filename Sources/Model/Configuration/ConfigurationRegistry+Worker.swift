// Keys of a worker process: network, HTTP limits, identity, lifecycle, loading.

extension ConfigurationRegistry {
  /// All of a worker but its storage.
  static let workerKeys =
    networkKeys + grpcKeys + httpKeys + identityKeys + processKeys + loadKeys

  /// Names and ports.
  private static let networkKeys = rows(
    .workerNetwork,
    [
      .init(
        "alluxio.worker.hostname", .string, nil,
        "Name that clients are given for this worker; without one, the machine's host name."),
      .init(
        "alluxio.worker.container.hostname", .string, nil,
        "Name of the container the worker runs in, passed on in its registration."),
      .init(
        "alluxio.worker.bind.host", .string, "0.0.0.0",
        "Address that the REST, S3 and RPC servers listen on."),
      .init(
        "alluxio.worker.data.bind.host", .string, "0.0.0.0",
        "Address that the data server of Java clients listens on."),
      .init(
        "alluxio.worker.web.bind.host", .string, "0.0.0.0",
        "Address that the web server (metrics, health) listens on."),
      .init("alluxio.worker.rpc.port", .port, "29999", "Port of the worker's gRPC service."),
      .init(
        "alluxio.worker.data.port", .port, "29997", "Port of the data server of Java clients."),
      .init(
        "alluxio.worker.web.port", .port, "30000",
        "Port of the web server: /metrics, /healthz, /readyz."),
      .init(
        "alluxio.worker.http.server.enabled", .boolean, "true",
        "Serves the REST API that alluxiofs speaks."),
      .init("alluxio.worker.http.server.port", .port, "28080", "Port of the REST API."),
      .init(
        "alluxio.worker.info.missing.status", .choice(["auto", "500", "404"]), "auto",
        "HTTP status of /v1/info for a missing path; auto answers each client generation with"
          + " what it understands."),
    ])

  /// Settings of the gRPC and Netty servers.
  private static let grpcKeys = rows(
    .workerNetwork,
    [
      .init(
        "alluxio.worker.network.keepalive.time", .duration, "30s",
        "Silence after which the RPC server pings a client."),
      .init(
        "alluxio.worker.network.keepalive.timeout", .duration, "30s",
        "Time a pinged client has to answer before it is dropped."),
      .init(
        "alluxio.worker.network.permit.keepalive.time", .duration, "30s",
        "Shortest interval at which a client may ping."),
      .init(
        "alluxio.worker.network.flowcontrol.window", .size, "2MB", "HTTP/2 flow control window."),
      .init(
        "alluxio.worker.network.max.inbound.message.size", .size, "4MB",
        "Largest RPC message accepted."),
      .init(
        "alluxio.worker.network.netty.watermark.high", .size, "32KB",
        "Bytes queued on a connection at which writing pauses."),
      .init(
        "alluxio.worker.network.netty.watermark.low", .size, "8KB",
        "Bytes queued on a connection at which writing resumes."),
      .init(
        "alluxio.worker.network.reader.buffer.size", .size, "4MB",
        "Bytes read ahead of a streaming client."),
      .init(
        "alluxio.worker.network.reader.max.chunk.size.bytes", .size, "2MB",
        "Largest chunk of a streaming read."),
      .init(
        "alluxio.worker.network.zerocopy.enabled", .boolean, "true",
        "Sends pages without copying them where the transport can."),
      .init(
        "alluxio.worker.rpc.executor.core.pool.size", .count, "100",
        "Threads of the RPC server kept alive."),
      .init(
        "alluxio.worker.rpc.executor.max.pool.size", .positive, "1000",
        "Most threads of the RPC server."),
      .init(
        "alluxio.worker.rpc.executor.keepalive", .duration, "60sec",
        "Idle time after which an extra RPC thread ends."),
      .init(
        "alluxio.worker.startup.timeout", .duration, "10min",
        "Time the worker may take to become ready."),
    ])

  /// What a client may ask of the HTTP servers.
  private static let httpKeys = rows(
    .workerHTTP,
    [
      .init(
        "alluxio.worker.http.max.head.size", .sizeIn(1 << 10...16 << 20), "32KB",
        "Largest request line and headers together; a larger head is refused with 431."),
      .init(
        "alluxio.worker.http.max.body.size", .size, "5TB",
        "Largest request body; a larger one is refused with 413; 0 sets no limit."),
      .init(
        "alluxio.worker.http.max.connections", .integer(1...1_000_000_000), "65536",
        "Most open connections of all HTTP servers together; further ones are closed at once."),
      .init(
        "alluxio.worker.http.idle.timeout", .duration(off: true), "5min",
        "Time after which a connection without a request is closed."),
      .init(
        "alluxio.worker.http.head.timeout", .duration(off: true), "10s",
        "Time a client has from the first byte of a request head to its last."),
      .init(
        "alluxio.worker.http.body.timeout", .duration(off: true), "1min",
        "Time without a byte of progress, either way, after which a transfer is given up."),
    ])

  /// Who the worker is and who keeps the list.
  private static let identityKeys = rows(
    .workerIdentity,
    [
      .init(
        "alluxio.worker.identity.uuid", .string, nil,
        "Identity of the worker; without one, the identity file's."),
      .init(
        "alluxio.worker.identity.uuid.file.path", .path, "${alluxio.conf.dir}/worker_identity",
        "File that keeps the worker's identity; written once if absent."),
      .init(
        "alluxio.worker.membership.manager.type",
        .choice(["STATIC", "ETCD", "SERVICE_REGISTRY", "MASTER"]), nil,
        "Who keeps the list of workers; without a setting ETCD if alluxio.etcd.endpoints is set,"
          + " else STATIC."),
      .init(
        "alluxio.worker.static.membership.manager.config.file", .path,
        "${alluxio.conf.dir}/workers", "File with one worker's host per line."),
      .init(
        "alluxio.worker.failure.detection.timeout", .duration, "2min",
        "Silence after which a worker counts as lost (its lease's time to live)."),
      .init(
        "alluxio.worker.block.heartbeat.interval", .duration, "1s",
        "Interval of the worker's heartbeats."
      ).alias("alluxio.worker.block.heartbeat.interval.ms"),
    ])

  /// Rings, logs, shutdown.
  private static let processKeys = rows(
    .workerProcess,
    [
      .init(
        "alluxio.worker.reactor.count", .integer(0...4096), "0",
        "Reactors (pinned threads with a ring each) that serve, each with another one beside it for loads; 0 takes one per CPU given to"
          + " the process."),
      .init(
        "alluxio.worker.shutdown.timeout", .duration, "30s",
        "Time that a stop may take after SIGTERM: requests in flight, then pages not yet on disk."),
      .init(
        "alluxio.worker.log.level", .choice(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]), "INFO",
        "Least severity that is logged; SIGHUP reads it again."),
      .init(
        "alluxio.worker.log.format", .choice(["TEXT", "JSON"]), "TEXT",
        "Form of the log lines on standard error."),
    ])

  /// Fetching from the UFS.
  private static let loadKeys = rows(
    .workerLoad,
    [
      .init(
        "alluxio.worker.ufs.status.validity", .duration, "1s",
        "Time for which a file's status is trusted before the UFS is asked again."),
      .init(
        "penstock.worker.ufs.question.deadline", .duration, "30s",
        "Longest wait of a client's request for what a source says of a path or a listing: the queue for"
          + " the store, all attempts and the pauses between them. Then it is answered with 503."),
      .init(
        "penstock.worker.ufs.read.deadline", .duration, "30s",
        "Longest wait of a client's read for its next bytes from a source (256 KiB of them), queue, attempts"
          + " and pauses included. Then it is answered with 503, or cut if bytes were sent."),
      .init(
        "penstock.worker.ufs.load.deadline", .duration, "5min",
        "As penstock.worker.ufs.read.deadline, for each page that a load job brings."),
      .init(
        "penstock.worker.ufs.upload.memory", .sizeIn(5 << 20...1 << 40), "192MB",
        "Memory for parts of objects that are written to S3, of all writers together; who finds none waits."
      ),
      .init(
        "penstock.worker.ufs.absence.validity", .duration, "1s",
        "Longest time for which the source's answer that nothing is at a path is trusted; 0 for never."
      ),
      .init(
        "alluxio.worker.job.load.executor.threads.max", .integer(1...1_000_000), "2048",
        "Requests to remote stores in flight, of all mounts together, and reads that a job may have in flight."
      ).alias(
        "alluxio.worker.network.grpc.reader.threads.max",
        "alluxio.worker.network.block.reader.threads.max"),
      .init(
        "penstock.worker.load.niceness", .integer(0...19), "10",
        "How much nicer to the CPUs the threads that load, free, copy and move are than those that serve, and a coordinator's in the"
          + " same process: each step leaves them a fifth less where both want a CPU. With 0 they only have shorter turns."
      ),
      .init(
        "alluxio.worker.load.file.partition.size", .sizeIn(1 << 20...1 << 50), "256MiB",
        "Size of a shard: the range of a file that one reader streams into pages."),
      .init(
        "penstock.worker.ufs.host.requests.max", .count, "0",
        "Requests in flight to one host of a store; 0 for no bound of its own."),
      .init(
        "penstock.worker.ufs.bandwidth", .size, "0",
        "Bytes per second from and to each remote mount; 0 for no bound."),
      .init(
        "penstock.worker.ufs.attempts.max", .integer(1...1000), "6",
        "Attempts of one request to a remote store; retries also need budget."),
      .init(
        "penstock.worker.ufs.hedge.percentile", .number(0...0.9999), "0",
        "Share of reads after whose latency a second request is sent, such as 0.99; 0 for never."),
      .init(
        "penstock.worker.read.ahead.max", .size, "8MB",
        "Most bytes brought ahead of a client that reads a remote file sequentially or in equal steps;"
          + " 0 reads nothing ahead."),
      .init(
        "penstock.worker.read.ahead.tasks", .integer(0...1_000_000), "64",
        "Reads ahead of clients that run at once."),
      .init(
        "alluxio.worker.ufs.instream.cache.enabled", .boolean, "true",
        "Keeps UFS streams open between reads."),
      .init(
        "alluxio.worker.ufs.instream.cache.expiration.time", .duration, "5min",
        "Time an unused UFS stream is kept open."),
      .init(
        "alluxio.worker.ufs.instream.cache.max.size", .count, "5000",
        "Most UFS streams kept open."),
    ])
}
