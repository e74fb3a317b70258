// Keys of the page store and of metadata caching.

extension ConfigurationRegistry {
  /// Pages and metadata.
  static let storeKeys = pageKeys + evictionKeys + metadataKeys

  /// Where pages live.
  private static let pageKeys = rows(
    .pageStore,
    [
      .init(
        "alluxio.worker.page.store.type", .choice(["LOCAL", "MEM"]), "LOCAL",
        "Where pages live: on local volumes, or in memory only."),
      .init(
        "alluxio.worker.page.store.dirs", .list, "/tmp/alluxio_cache",
        "Directories of the volumes; paired with the sizes. Used when they or the sizes are set."),
      .init(
        "alluxio.worker.page.store.sizes", .sizeList, "512MB",
        "Capacity of each volume, or of the memory with type MEM."),
      .init(
        "penstock.worker.page.store.mediums", .list, "SSD",
        "Medium of each directory, SSD, HDD or MEM: one for all, or one for each."),
      .init(
        "penstock.worker.page.store.numa.nodes", .list, "auto",
        "NUMA node of each directory, a number or auto (its device's): one for all, or one for each."
      ),
      .init(
        "penstock.worker.page.store.landing.size", .size, "256MB",
        "Memory in which pages land before they go to disk, when no memory tier is configured;"
          + " at most a quarter of the memory."),
      .init(
        "penstock.worker.page.store.memory.save.dir", .path, "",
        "Directory in which a worker without disks keeps its pages across a planned restart; empty keeps"
          + " none. A stop saves those used last first, as far as alluxio.worker.shutdown.timeout allows."
      ),
      .init(
        "penstock.worker.page.store.memory.reserve", .size, "4GB",
        "Page memory that is made resident in the background before it is needed, within the memory's"
          + " capacity; 0 leaves it to the first use."),
      .init(
        "penstock.worker.page.store.memory.prepare.bandwidth", .size, "1GB",
        "Bytes a second that are made resident so; 0 makes none."),
      .init(
        "penstock.worker.page.store.verify", .choice(["always", "first-touch", "off"]), "always",
        "When pages on disk are compared with their checksums: at each read, the first one, never. off suspends"
          + " the promise above all others: what a disk got wrong is served as it is."),
      .init(
        "penstock.worker.page.store.scrub.bandwidth", .size, "16MB",
        "Bytes a second that the scrubber reads of all volumes together; 0 turns it off."),
      .init(
        "penstock.worker.page.store.checksum.cache.size", .sizeIn(0...1 << 40), "8MB",
        "Memory of each volume for checksums of pages over 64 KiB, 4 bytes for 4 KiB: a verified read"
          + " of a part then needs one transfer, not two."),
      .init(
        "penstock.worker.page.store.promote.bandwidth", .size, "256MB",
        "Bytes a second that may be promoted to memory; 0 promotes none."),
      .init(
        "penstock.worker.page.store.demote.bandwidth", .size, "0",
        "Bytes a second that a disk tier may hand down to the one below; 0 sets no limit. Pages that"
          + " find a tier full leave for lower ones whatever this says."),
      .init(
        "penstock.worker.page.store.io.timeout", .duration(off: true), "10s",
        "Time after which a disk that does not answer is FAULTED and its readers go to the UFS;"
          + " after half of it the disk takes no new pages. -1 waits for ever."),
      .init(
        "penstock.worker.page.store.volume.probation", .duration, "30s",
        "Time without a fault before a DEGRADED volume takes pages again; a relapse doubles it."),
      .init(
        "penstock.worker.readiness.require.tiers", .boolean, "true",
        "/readyz answers 503 while a configured volume is out or cannot be opened; neither ends a start."
      ),
      .init(
        "alluxio.worker.page.store.page.size", .powerOfTwo(64 << 10...16 << 20), "1MB",
        "Size of a page; clients of alluxiofs 1.0 must be given the same."),
      .init(
        "alluxio.worker.page.store.overhead", .number(0...1000), "0.1",
        "Share of a directory's size kept for records, usable = size / (1 + overhead); counts only when"
          + " it is set: space is accounted for exactly."),
      .init(
        "alluxio.worker.page.store.async.write.enabled", .boolean, "false",
        "Writes pages to a volume after the reader was answered; here they always are."),
      .init(
        "alluxio.worker.page.store.async.write.threads", .positive, "16",
        "Pages that are being written to volumes at once."),
      .init(
        "alluxio.worker.page.store.async.restore.enabled", .boolean, "true",
        "Serves while the volumes are still being opened."),
      .init(
        "alluxio.worker.page.store.local.store.file.buckets", .positive, "1000",
        "Directories that files are spread over."),
      .init(
        "alluxio.worker.page.store.quota.enabled", .boolean, "false",
        "Limits what a directory of the name space may hold."),
      .init(
        "alluxio.worker.page.store.timeout.duration", .duration(off: true), "-1",
        "Time an operation of a volume may take; -1 leaves it to"
          + " penstock.worker.page.store.io.timeout."),
      .init(
        "alluxio.worker.page.store.timeout.threads", .positive, "32",
        "Volume operations that may be waited for with a timeout."),
    ])

  /// Which page leaves.
  private static let evictionKeys = rows(
    .pageStore,
    [
      .init(
        "alluxio.worker.page.store.evictor.type", .choice(["LRU", "LFU", "FIFO", "S3FIFO"]), "LRU",
        "Which page leaves first."
      ).alias("penstock.worker.page.store.evictor.policy"),
      .init(
        "alluxio.worker.page.store.evictor.class", .string, "LRUCacheEvictor",
        "Name of the eviction policy in the style of 2.x; counts when the type is not set."),
      .init(
        "alluxio.worker.page.store.evictor.lfu.logbase", .number(1...1_000_000), "2.0",
        "Base of the logarithm by which LFU groups its counts."),
      .init(
        "alluxio.worker.page.store.evictor.nondeterministic.enabled", .boolean, "false",
        "Picks at random among pages of equal standing."),
      .init(
        "alluxio.worker.page.store.eviction.retries", .count, "10",
        "Further victims tried when a page does not fit."),
      .init(
        "alluxio.worker.page.store.async.eviction.enabled", .boolean, "false",
        "Evicts in the background between two watermarks; off, a disk tier above another hands pages down between 0.95 and 0.9."
      ),
      .init(
        "alluxio.worker.page.store.async.eviction.high.watermark", .ratio, "0.9",
        "Share of the capacity at which background eviction begins."),
      .init(
        "alluxio.worker.page.store.async.eviction.low.watermark", .ratio, "0.8",
        "Share of the capacity at which background eviction ends."),
      .init(
        "alluxio.worker.page.store.async.eviction.check.interval", .duration, "1min",
        "Interval at which the watermarks are checked."),
    ])

  /// What is remembered of files.
  private static let metadataKeys = rows(
    .metadata,
    [
      .init(
        "alluxio.dora.worker.metastore.rocksdb.dir", .path, "${alluxio.work.dir}/metastore",
        "Directory of the worker's metadata store."),
      .init(
        "alluxio.dora.worker.metastore.rocksdb.ttl", .duration(off: true), "-1s",
        "Time after which stored metadata expires."),
      .init(
        "alluxio.dora.worker.metastore.rocksdb.cache.size", .size, "128MB",
        "Memory of the metadata store's cache."),
      .init(
        "alluxio.dora.worker.metastore.rocksdb.bloom.filter", .boolean, "false",
        "Keeps a Bloom filter over the metadata store."),
      .init(
        "alluxio.dora.ufs.list.status.cache.nr.files", .count, "100000",
        "Entries of listings kept in memory; 0 keeps none."),
      .init(
        "alluxio.dora.ufs.list.status.cache.ttl", .duration(off: true), "48h",
        "Longest time a listing is kept in memory; it is used while its directory's metadata is valid."
      ),
      .init(
        "penstock.worker.ufs.listing.cache.size", .size, "16MB",
        "Memory of listings kept."),
    ])
}
