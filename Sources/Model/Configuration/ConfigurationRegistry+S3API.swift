// Keys of the S3 API that workers serve.

extension ConfigurationRegistry {
  /// The S3 server.
  static let s3APIKeys = rows(.s3API, s3ServerKeys + s3RestrictionKeys)

  /// Ports and switches.
  private static let s3ServerKeys: [ConfigurationKey] = [
    .init(
      "alluxio.worker.s3.api.enabled", .boolean, "true",
      "Serves the S3 API, which alluxiofs reads through."),
    .init("alluxio.worker.rest.port", .port, "29998", "Port of the S3 API."),
    .init("alluxio.worker.s3.https.port", .port, "29996", "Port of the S3 API over TLS."),
    .init(
      "alluxio.worker.s3.only.https.access", .boolean, "false",
      "Leaves the port without TLS closed."),
    .init("alluxio.worker.s3.audit.logging.enabled", .boolean, "false", "Logs every S3 call."),
    .init(
      "alluxio.worker.s3.async.processing.enabled", .boolean, "false",
      "Advisory: calls on pools of their own."),
    .init(
      "alluxio.worker.s3.async.light.pool.core.thread.number", .positive, "8",
      "Advisory: threads of the pool for quick calls."),
    .init(
      "alluxio.worker.s3.async.light.pool.maximum.thread.number", .positive, "64",
      "Advisory: most threads of the pool for quick calls."),
    .init(
      "alluxio.worker.s3.async.light.pool.queue.size", .positive, "65536",
      "Advisory: waiting quick calls."),
    .init(
      "alluxio.worker.s3.async.heavy.pool.core.thread.number", .positive, "8",
      "Advisory: threads of the pool for long calls."),
    .init(
      "alluxio.worker.s3.async.heavy.pool.maximum.thread.number", .positive, "64",
      "Advisory: most threads of the pool for long calls."),
    .init(
      "alluxio.worker.s3.async.heavy.pool.queue.size", .positive, "65536",
      "Advisory: waiting long calls."),
    .init(
      "alluxio.s3.rest.authentication.enabled", .boolean, "false",
      "Verifies signatures of S3 requests."),
    .init(
      "alluxio.s3.rest.authenticator.classname", .string, nil,
      "Name of the authenticator; without one every user is believed."),
  ]

  /// Limits and rules.
  private static let s3RestrictionKeys: [ConfigurationKey] = [
    .init(
      "alluxio.proxy.s3.bucket.naming.restrictions.enabled", .boolean, "false",
      "Refuses bucket names that S3 would refuse."),
    .init(
      "alluxio.proxy.s3.tagging.restrictions.enabled", .boolean, "true",
      "Refuses tags that S3 would refuse."),
    .init(
      "alluxio.proxy.s3.header.metadata.max.size", .size, "2KB",
      "Largest metadata of an object in headers."),
    .init(
      "alluxio.proxy.s3.bucketpathcache.timeout", .duration, "0min",
      "Time a bucket is known to exist; 0: it is looked up for each call."),
    .init(
      "alluxio.proxy.s3.deletetype", .choice(["ALLUXIO_AND_UFS", "ALLUXIO_ONLY"]),
      "ALLUXIO_AND_UFS", "What a delete removes."),
    .init(
      "alluxio.proxy.s3.complete.multipart.upload.min.part.size", .size, "5MB",
      "Least size of a part but the last."),
    .init(
      "alluxio.proxy.s3.global.read.rate.limit.mb", .count, "0",
      "MB per second that all reads may take together; 0: no limit."),
    .init(
      "alluxio.proxy.s3.single.connection.read.rate.limit.mb", .count, "0",
      "MB per second that one connection may read; 0: no limit."),
  ]
}
