// The keys that this version reads, by the type of their value.
//
// A key listed here counts as read in the documentation; one that is only in the registry is
// checked, listed and otherwise without effect. A test compares each case's type with the registry.

extension Configuration {
  /// Keys whose value is a size in bytes.
  package enum SizeKey: String, CaseIterable, Sendable {
    case pageSize = "alluxio.worker.page.store.page.size"
    case httpHeadSizeMax = "alluxio.worker.http.max.head.size"
    case httpBodySizeMax = "alluxio.worker.http.max.body.size"
    case loadPartitionSize = "alluxio.worker.load.file.partition.size"
    case readAheadMax = "penstock.worker.read.ahead.max"
    case metastoreCacheSize = "alluxio.dora.worker.metastore.rocksdb.cache.size"
    case landingSize = "penstock.worker.page.store.landing.size"
    case scrubBandwidth = "penstock.worker.page.store.scrub.bandwidth"
    case listingCacheSize = "penstock.worker.ufs.listing.cache.size"
    case uploadMemory = "penstock.worker.ufs.upload.memory"
    case ufsBandwidth = "penstock.worker.ufs.bandwidth"
    case checksumCacheSize = "penstock.worker.page.store.checksum.cache.size"
    case rpcMessageSizeMax = "alluxio.worker.network.max.inbound.message.size"
    case promoteBandwidth = "penstock.worker.page.store.promote.bandwidth"
    case demoteBandwidth = "penstock.worker.page.store.demote.bandwidth"
    case memoryReserve = "penstock.worker.page.store.memory.reserve"
    case memoryPrepareBandwidth = "penstock.worker.page.store.memory.prepare.bandwidth"
    case virtualBlockSize = "alluxio.dora.file.read.virtual.block.size"
    case shortCircuitWindowMax = "penstock.worker.short.circuit.window.max"
    case shortCircuitWindowsMax = "penstock.worker.short.circuit.windows.memory.max"
    case shortCircuitLeasedMax = "penstock.worker.short.circuit.leased.max"
  }

  /// Keys whose value is a duration.
  package enum DurationKey: String, CaseIterable, Sendable {
    case httpIdleTimeout = "alluxio.worker.http.idle.timeout"
    case httpHeadTimeout = "alluxio.worker.http.head.timeout"
    case httpBodyTimeout = "alluxio.worker.http.body.timeout"
    case shutdownTimeout = "alluxio.worker.shutdown.timeout"
    case ufsQuestionDeadline = "penstock.worker.ufs.question.deadline"
    case ufsReadDeadline = "penstock.worker.ufs.read.deadline"
    case ufsLoadDeadline = "penstock.worker.ufs.load.deadline"
    case ufsAbsenceValidity = "penstock.worker.ufs.absence.validity"
    case listingLifeMax = "alluxio.dora.ufs.list.status.cache.ttl"
    case ufsStatusValidity = "alluxio.worker.ufs.status.validity"
    case cacheFilterCheckInterval = "alluxio.user.client.cache.filter.config.check.interval"
    case ttlCheckInterval = "alluxio.ttl.eviction.check.interval"
    case pageStoreTimeout = "alluxio.worker.page.store.timeout.duration"
    case volumeTimeout = "penstock.worker.page.store.io.timeout"
    case volumeProbation = "penstock.worker.page.store.volume.probation"
    case workerKeepaliveTime = "alluxio.worker.network.keepalive.time"
    case workerKeepaliveTimeout = "alluxio.worker.network.keepalive.timeout"
    case workerPingIntervalMin = "alluxio.worker.network.permit.keepalive.time"
    case coordinatorKeepaliveTime = "alluxio.master.network.keepalive.time"
    case coordinatorKeepaliveTimeout = "alluxio.master.network.keepalive.timeout"
    case coordinatorPingIntervalMin = "alluxio.master.network.permit.keepalive.time"
    case clientKeepaliveTime = "alluxio.user.network.rpc.keepalive.time"
    case clientKeepaliveTimeout = "alluxio.user.network.rpc.keepalive.timeout"
    case rpcRetryBase = "alluxio.user.rpc.retry.base.sleep"
    case rpcRetryLongest = "alluxio.user.rpc.retry.max.sleep"
    case rpcRetryBudget = "alluxio.user.rpc.retry.max.duration"
    case schedulerInitialWait = "alluxio.coordinator.scheduler.initial.wait.time"
    case jobCleanupInterval = "alluxio.job.cleanup.interval"
    case jobRetention = "alluxio.job.retention.time"
    case workerSilenceMax = "alluxio.master.worker.timeout"
    case lostWorkerLookInterval = "alluxio.master.worker.heartbeat.interval"
    case lostWorkerLifeMax = "alluxio.master.lost.worker.deletion.timeout"
    case registerLeaseLife = "alluxio.master.worker.register.lease.ttl"
    case registerDeadline = "alluxio.worker.register.stream.deadline"
    case workerHeartbeatInterval = "alluxio.worker.block.heartbeat.interval"
    case shortCircuitTerm = "penstock.worker.short.circuit.lease.term"
    case shortCircuitHoldMax = "penstock.worker.short.circuit.lease.hold.max"
    case shortCircuitGrace = "penstock.worker.short.circuit.revoke.grace"
  }

  /// Keys whose value is a whole number.
  package enum IntegerKey: String, CaseIterable, Sendable {
    case reactorCount = "alluxio.worker.reactor.count"
    case httpConnectionCountMax = "alluxio.worker.http.max.connections"
    case pageWriteCountMax = "alluxio.worker.page.store.async.write.threads"
    case ufsHostRequestCountMax = "penstock.worker.ufs.host.requests.max"
    case ufsAttemptCountMax = "penstock.worker.ufs.attempts.max"
    case readAheadTaskCountMax = "penstock.worker.read.ahead.tasks"
    case listingEntryCountMax = "alluxio.dora.ufs.list.status.cache.nr.files"
    case loadNiceness = "penstock.worker.load.niceness"
    case loadThreadCountMax = "alluxio.worker.job.load.executor.threads.max"
    case tasksPerWorkerMax = "alluxio.coordinator.scheduler.max.tasks.per.worker"
    case runningJobCountMax = "alluxio.coordinator.scheduler.running.job.capacity"
    case waitingJobCountMax = "alluxio.coordinator.scheduler.waiting.job.capacity"
    case jobBatchSize = "alluxio.job.batch.size"
    case loadFailureCountThreshold =
      "alluxio.master.dora.load.job.total.failure.count.threshold"
    case loadRetryCountMax = "alluxio.master.dora.load.job.retry.dlq.capacity"
    case ringPointCount = "alluxio.user.consistent.hash.virtual.node.count.per.worker"
    case registerLeaseCountMax = "alluxio.master.worker.register.lease.count"
    case registerBatchSize = "alluxio.worker.register.stream.batch.size"
    case shortCircuitLeaseCountMax = "penstock.worker.short.circuit.leases.max"
    case shortCircuitConnectionCountMax = "penstock.worker.short.circuit.connections.max"
    case shortCircuitUserConnectionCountMax =
      "penstock.worker.short.circuit.user.connections.max"
    case shortCircuitUserRequestRateMax = "penstock.worker.short.circuit.user.requests.max"
  }

  /// Keys whose value is a TCP port.
  package enum PortKey: String, CaseIterable, Sendable {
    case rest = "alluxio.worker.http.server.port"
    case s3 = "alluxio.worker.rest.port"
    case web = "alluxio.worker.web.port"
    case rpc = "alluxio.worker.rpc.port"
    case data = "alluxio.worker.data.port"
    case coordinatorRPC = "alluxio.coordinator.rpc.port"
    case coordinatorWeb = "alluxio.coordinator.web.port"
  }

  /// Keys whose value is true or false.
  package enum BooleanKey: String, CaseIterable, Sendable {
    case restEnabled = "alluxio.worker.http.server.enabled"
    case s3Enabled = "alluxio.worker.s3.api.enabled"
    case readinessRequiresTiers = "penstock.worker.readiness.require.tiers"
    case cacheFilterEnabled = "alluxio.user.client.cache.filter.enabled"
    case ttlEnabled = "alluxio.ttl.policy.enabled"
    case quotaEnabled = "alluxio.quota.enabled"
    case metastoreBloomFilter = "alluxio.dora.worker.metastore.rocksdb.bloom.filter"
    case registerLeaseEnabled = "alluxio.master.worker.register.lease.enabled"
    case registerStreamEnabled = "alluxio.worker.register.stream.enabled"
    case tlsEnabled = "alluxio.network.tls.enabled"
    case tlsClientAuthentication = "penstock.network.tls.client.auth"
    case domainSocketAsUUID = "alluxio.worker.data.server.domain.socket.as.uuid"
  }

  /// Keys whose value is text or a path; an unset one reads as empty.
  package enum StringKey: String, CaseIterable, Sendable {
    case clusterName = "alluxio.cluster.name"
    case home = "alluxio.home"
    case confDirectory = "alluxio.conf.dir"
    case workDirectory = "alluxio.work.dir"
    case hostname = "alluxio.worker.hostname"
    case bindHost = "alluxio.worker.bind.host"
    case webBindHost = "alluxio.worker.web.bind.host"
    case identityUUID = "alluxio.worker.identity.uuid"
    case identityFile = "alluxio.worker.identity.uuid.file.path"
    case rootUFS = "alluxio.dora.client.ufs.root"
    case mountTableRootUFS = "alluxio.master.mount.table.root.ufs"
    case metastoreDirectory = "alluxio.dora.worker.metastore.rocksdb.dir"
    case memorySaveDirectory = "penstock.worker.page.store.memory.save.dir"
    case cacheFilterClass = "alluxio.user.client.cache.filter.class"
    case cacheFilterProperties = "alluxio.user.client.cache.filter.config-file"
    case cacheFilterFile = "alluxio.user.client.cache.filter.config.file"
    case coordinatorHostname = "alluxio.coordinator.hostname"
    case jobStoreDirectory = "alluxio.coordinator.metastore.dir"
    case failedListDirectory = "alluxio.master.dora.load.job.failed.file.list.dir"
    case tlsCertificateFile = "penstock.network.tls.certificate"
    case tlsKeyFile = "penstock.network.tls.key"
    case tlsAuthoritiesFile = "penstock.network.tls.ca.file"
    case tlsServerName = "penstock.network.tls.server.name"
    case domainSocketAddress = "alluxio.worker.data.server.domain.socket.address"
    case shortCircuitSocketMode = "penstock.worker.short.circuit.socket.mode"
    case clientWorkerUsers = "penstock.user.short.circuit.worker.users"
    case shortCircuitSharedUsers = "penstock.worker.short.circuit.shared.users"
    case shortCircuitSharedGroups = "penstock.worker.short.circuit.shared.groups"
    case shortCircuitAllowedUsers = "penstock.worker.short.circuit.allowed.users"
    case shortCircuitAllowedGroups = "penstock.worker.short.circuit.allowed.groups"
  }

  /// Keys whose value is a number with decimals.
  package enum NumberKey: String, CaseIterable, Sendable {
    case ufsHedgePercentile = "penstock.worker.ufs.hedge.percentile"
    case pinnedRatioMax = "penstock.worker.page.store.pinned.ratio.max"
    case loadFailureRatioThreshold =
      "alluxio.master.dora.load.job.total.failure.ratio.threshold"
    case lfuLogBase = "alluxio.worker.page.store.evictor.lfu.logbase"
  }

  /// Keys whose value is one of a few words, read as their own type.
  package enum ChoiceKey: String, CaseIterable, Sendable {
    case pageStoreType = "alluxio.worker.page.store.type"
    case evictorType = "alluxio.worker.page.store.evictor.type"
    case verify = "penstock.worker.page.store.verify"
    case missingStatus = "alluxio.worker.info.missing.status"
    case logLevel = "alluxio.worker.log.level"
    case logFormat = "alluxio.worker.log.format"
  }

  /// Keys that one accessor of their own reads, see `Configuration+Values.swift`.
  package enum SpecialKey: String, CaseIterable, Sendable {
    case pageStoreSizes = "alluxio.worker.page.store.sizes"
    case ramdiskSize = "alluxio.worker.ramdisk.size"
  }

  /// Keys of tiers and volumes, which the worker's `TierPlan` reads together.
  package enum TierKey: String, CaseIterable, Sendable {
    case storeDirs = "alluxio.worker.page.store.dirs"
    case storeSizes = "alluxio.worker.page.store.sizes"
    case overhead = "alluxio.worker.page.store.overhead"
    case evictorClass = "alluxio.worker.page.store.evictor.class"
    case asyncEviction = "alluxio.worker.page.store.async.eviction.enabled"
    case asyncEvictionHigh = "alluxio.worker.page.store.async.eviction.high.watermark"
    case asyncEvictionLow = "alluxio.worker.page.store.async.eviction.low.watermark"
    case mediums = "penstock.worker.page.store.mediums"
    case numaNodes = "penstock.worker.page.store.numa.nodes"
    case levels = "alluxio.worker.tieredstore.levels"
  }

  /// What follows `alluxio.worker.tieredstore.levelN.` in the keys of a level that `TierPlan` reads.
  private static let levelKeys = [
    "alias", "dirs.path", "dirs.mediumtype", "dirs.quota", "watermark.high.ratio",
    "watermark.low.ratio",
  ]

  /// The canonical names of all keys that this version reads.
  package static let readNames: Set<String> = {
    var names: Set<String> = []
    names.formUnion(SizeKey.allCases.map(\.rawValue))
    names.formUnion(DurationKey.allCases.map(\.rawValue))
    names.formUnion(IntegerKey.allCases.map(\.rawValue))
    names.formUnion(PortKey.allCases.map(\.rawValue))
    names.formUnion(BooleanKey.allCases.map(\.rawValue))
    names.formUnion(StringKey.allCases.map(\.rawValue))
    names.formUnion(NumberKey.allCases.map(\.rawValue))
    names.formUnion(ChoiceKey.allCases.map(\.rawValue))
    names.formUnion(SpecialKey.allCases.map(\.rawValue))
    names.formUnion(TierKey.allCases.map(\.rawValue))
    names.formUnion(mountKeys)
    for level in 0..<3 {
      names.formUnion(levelKeys.map { "alluxio.worker.tieredstore.level\(level).\($0)" })
    }
    return names
  }()
  /// Keys that mounts of S3 and HDFS take as options, and whose values here are the defaults.
  private static let mountKeys =
    [
      "endpoint", "endpoint.region", "region", "proxy.host", "proxy.port", "disable.dns.buckets",
      "secure.http.enabled", "list.objects.v1", "bulk.delete.enabled", "directory.suffix",
      "default.mode", "server.side.encryption.enabled", "signer.algorithm", "request.timeout",
      "socket.timeout", "multipart.upload.partition.size", "streaming.upload.partition.size",
      "threads.max", "admin.threads.max", "upload.threads.max", "max.error.retry",
    ].map { "alluxio.underfs.s3.\($0)" }
    + [
      "credentials", "profile", "credentials.file", "requester.pays", "tls.ca.file", "tls.ca.path",
      "tls.certificate", "tls.key", "tls.verify",
    ].map { "penstock.underfs.s3.\($0)" }
    + [
      "s3a.accessKeyId", "s3a.secretKey", "s3a.sessionToken", "alluxio.underfs.listing.length",
      "alluxio.underfs.object.store.breadcrumbs.enabled",
      "alluxio.underfs.hdfs.configuration", "alluxio.security.login.username",
    ]

  /// The templates of keys that this version reads.
  package static let readTemplates = Set(
    levelKeys.map { "alluxio.worker.tieredstore.level{N}.\($0)" }
      + ["alluxio.master.mount.table.root.option.{key}"])
}
