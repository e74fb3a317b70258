// Keys of under file systems and mounts.

extension ConfigurationRegistry {
  /// S3, HDFS, local file systems, and where they are mounted.
  static let storageKeys = s3StorageKeys + s3AccessKeys + s3TransferKeys + ufsKeys + mountKeys

  /// How S3 is reached.
  private static let s3StorageKeys = rows(
    .s3Storage,
    [
      .init(
        "alluxio.underfs.s3.endpoint", .string, nil,
        "Endpoint; without one, that of the region."),
      .init(
        "alluxio.underfs.s3.endpoint.region", .string, nil,
        "Region for which requests to the endpoint are signed."),
      .init(
        "alluxio.underfs.s3.region", .string, nil,
        "Region of the bucket; without an endpoint and a region us-east-1."),
      .init("alluxio.underfs.s3.proxy.host", .string, nil, "Host of an HTTP proxy."),
      .init("alluxio.underfs.s3.proxy.port", .port, nil, "Port of the HTTP proxy."),
      .init("s3a.accessKeyId", .string, nil, "Access key.").alias("aws.accessKeyId").sensitive,
      .init("s3a.secretKey", .string, nil, "Secret key.").alias("aws.secretKey").sensitive,
      .init(
        "alluxio.underfs.s3.disable.dns.buckets", .boolean, "false",
        "Puts the bucket into the path instead of the host name."),
      .init("alluxio.underfs.s3.secure.http.enabled", .boolean, "false", "Speaks HTTPS."),
      .init(
        "alluxio.underfs.s3.list.objects.v1", .boolean, "false",
        "Lists with the first version of the call."),
      .init(
        "alluxio.underfs.s3.bulk.delete.enabled", .boolean, "true",
        "Deletes many objects with one call."),
      .init(
        "alluxio.underfs.s3.directory.suffix", .string, "/",
        "What an object that stands for a directory ends in."),
      .init(
        "alluxio.underfs.s3.default.mode", .string, "0700",
        "Permission bits of objects, octal."),
      .init(
        "alluxio.underfs.s3.inherit.acl", .boolean, "true",
        "Derives owner and permissions from the bucket."),
      .init(
        "alluxio.underfs.s3.server.side.encryption.enabled", .boolean, "false",
        "Asks S3 to encrypt what is written."),
      .init(
        "alluxio.underfs.s3.signer.algorithm", .string, nil,
        "Name of the signature algorithm; without one, version 4."),
    ])

  /// Who asks S3, and how TLS is spoken.
  private static let s3AccessKeys = rows(
    .s3Storage,
    [
      .init("s3a.sessionToken", .string, nil, "Session token of temporary keys.")
        .alias("aws.sessionToken").sensitive,
      .init(
        "penstock.underfs.s3.credentials",
        .choice([
          "auto", "static", "environment", "web-identity", "profile", "container", "instance",
          "anonymous",
        ]), "auto", "Where credentials come from; auto takes the first that is set up."),
      .init(
        "penstock.underfs.s3.profile", .string, nil,
        "Profile of the shared credentials file; without one AWS_PROFILE, else default."),
      .init(
        "penstock.underfs.s3.credentials.file", .path, nil,
        "Shared credentials file; without one AWS_SHARED_CREDENTIALS_FILE, else that of the home."),
      .init(
        "penstock.underfs.s3.requester.pays", .boolean, "false",
        "Says that we pay for requests to somebody else's bucket."),
      .init(
        "penstock.underfs.s3.tls.ca.file", .path, nil,
        "Authorities to trust, PEM; without any those of the system."),
      .init("penstock.underfs.s3.tls.ca.path", .path, nil, "Directory of authorities to trust."),
      .init(
        "penstock.underfs.s3.tls.certificate", .path, nil,
        "Our certificate, PEM, for stores that ask for one."),
      .init(
        "penstock.underfs.s3.tls.key", .path, nil,
        "Key of our certificate, PEM; without one in the same file."),
      .init(
        "penstock.underfs.s3.tls.verify", .boolean, "true",
        "Whether a store's certificate must be valid and name its host."),
    ])

  /// How much is asked of S3 at a time.
  private static let s3TransferKeys = rows(
    .s3Storage,
    [
      .init(
        "alluxio.underfs.s3.threads.max", .positive, nil,
        "Reads of a mount in flight; without a setting, bounded by the host's and the process's numbers."
      ),
      .init(
        "alluxio.underfs.s3.admin.threads.max", .positive, nil,
        "Listings and questions of a mount in flight; without a setting as above."),
      .init(
        "alluxio.underfs.s3.upload.threads.max", .positive, nil,
        "Writes of a mount in flight; without a setting as above."),
      .init(
        "alluxio.underfs.s3.request.timeout", .duration, "1min", "Time a request may take."),
      .init(
        "alluxio.underfs.s3.socket.timeout", .duration, "50sec",
        "Time without a byte after which a request fails."),
      .init(
        "alluxio.underfs.s3.connection.ttl", .duration(off: true), "-1",
        "Age at which a connection is not used again."),
      .init(
        "alluxio.underfs.s3.max.error.retry", .count, nil,
        "Retries of a failed request; without a setting the client's own number."),
      .init(
        "alluxio.underfs.s3.multipart.upload.enabled", .boolean, "false",
        "Uploads large files in parts."),
      .init(
        "alluxio.underfs.s3.multipart.upload.partition.size", .size, "64MB", "Size of a part."),
      .init(
        "alluxio.underfs.s3.streaming.upload.enabled", .boolean, "false",
        "Uploads while the file is being written."),
      .init(
        "alluxio.underfs.s3.streaming.upload.partition.size", .size, "64MB",
        "Size of a part of a streaming upload."),
      .init(
        "alluxio.underfs.s3.intermediate.upload.clean.age", .duration, "3day",
        "Age at which unfinished uploads are removed."),
    ])

  /// All UFSs, the local one, HDFS.
  private static let ufsKeys = rows(
    .ufs,
    [
      .init("alluxio.underfs.listing.length", .positive, "1000", "Entries of one listing call."),
      .init(
        "alluxio.underfs.object.store.breadcrumbs.enabled", .boolean, "true",
        "Makes an empty object for each directory; without it one is there once a file lies below it."
      ),
      .init(
        "alluxio.underfs.object.store.service.threads", .positive, "20",
        "Parallel requests of one operation on many objects."),
      .init(
        "alluxio.underfs.object.store.skip.parent.directory.creation", .boolean, "true",
        "Creates no objects for the parents of a new one."),
      .init(
        "alluxio.underfs.local.skip.broken.symlinks", .boolean, "false",
        "Links that lead nowhere are left out of listings, whatever this says; loads count them."),
      .init(
        "alluxio.underfs.hdfs.configuration", .path,
        "${alluxio.conf.dir}/core-site.xml:${alluxio.conf.dir}/hdfs-site.xml",
        "Hadoop configuration files, separated by colons."),
      .init(
        "alluxio.underfs.hdfs.impl", .string, "org.apache.hadoop.hdfs.DistributedFileSystem",
        "Name of the file system's class in Hadoop."),
      .init(
        "alluxio.underfs.hdfs.prefixes", .list, "hdfs://,glusterfs:///",
        "URI prefixes that the HDFS client serves."),
      .init(
        "alluxio.underfs.hdfs.remote", .boolean, "true", "The file system is on other hosts."),
      .init(
        "alluxio.underfs.hdfs.trash.enabled", .boolean, "false",
        "Moves deleted files to the trash."),
      .init("alluxio.underfs.version", .string, "3.3.1", "Version of the HDFS client."),
    ])

  /// What is mounted at the root.
  private static let mountKeys = rows(
    .mounts,
    [
      .init(
        "alluxio.dora.client.ufs.root", .string, "${alluxio.work.dir}/underFSStorage",
        "UFS mounted at /."),
      .init(
        "alluxio.master.mount.table.root.ufs", .string, nil,
        "UFS mounted at / in the style of 2.x."),
      .init(
        "alluxio.master.mount.table.root.option.{key}", .string, nil,
        "Option of the UFS mounted at /."),
    ])
}
