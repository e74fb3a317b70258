// Keys of the 2.x tiered store.

extension ConfigurationRegistry {
  /// Tiers, their volumes and their upkeep.
  static let tierKeys = rows(
    .tiers,
    sizingKeys + (0..<3).flatMap(tierKeys(at:)) + tierTemplates + allocationKeys + managementKeys)

  /// How many tiers, and how much memory.
  private static let sizingKeys: [ConfigurationKey] = [
    .init(
      "alluxio.worker.ramdisk.size", .size, nil,
      "Capacity of the memory tier; see the rule at the end of this page."
    ).alias("alluxio.worker.memory.size"),
    .init(
      "alluxio.worker.tieredstore.levels", .integer(1...100), "1", "How many tiers the worker has."),
    .init(
      "alluxio.master.tieredstore.global.levels", .integer(1...100), "3",
      "How many tiers the cluster knows."),
    .init(
      "alluxio.master.tieredstore.global.mediumtype", .list, "MEM,SSD,HDD",
      "The medium types the cluster knows."),
  ]

  /// The keys of one of the three well-known tiers, 0 = MEM.
  private static func tierKeys(at index: Int) -> [ConfigurationKey] {
    let tier = "alluxio.worker.tieredstore.level\(index)."
    let alias = ["MEM", "SSD", "HDD"][index]
    return [
      .init(tier + "alias", .string, alias, "Name of tier \(index)."),
      .init(
        tier + "dirs.path", .list, index == 0 ? "/mnt/ramdisk" : nil,
        "Directories of tier \(index); paired with the medium types and quotas."),
      .init(
        tier + "dirs.mediumtype", .list, "${\(tier)alias}",
        "Medium type of each directory of tier \(index)."),
      .init(
        tier + "dirs.quota", .sizeList, index == 0 ? "${alluxio.worker.ramdisk.size}" : nil,
        "Capacity of each directory of tier \(index)."),
      .init(
        tier + "watermark.high.ratio", .ratio, "0.95",
        "Share of tier \(index) at which eviction begins."),
      .init(
        tier + "watermark.low.ratio", .ratio, "0.7",
        "Share of tier \(index) at which eviction ends."),
      .init(
        "alluxio.master.tieredstore.global.level\(index).alias", .string, alias,
        "Name of tier \(index) in the cluster."),
    ]
  }

  /// Tiers beyond the third.
  private static let tierTemplates: [ConfigurationKey] = [
    .init("alluxio.worker.tieredstore.level{N}.alias", .string, nil, "Name of tier N."),
    .init("alluxio.worker.tieredstore.level{N}.dirs.path", .list, nil, "Directories of tier N."),
    .init(
      "alluxio.worker.tieredstore.level{N}.dirs.mediumtype", .list, nil,
      "Medium type of each directory of tier N."),
    .init(
      "alluxio.worker.tieredstore.level{N}.dirs.quota", .sizeList, nil,
      "Capacity of each directory of tier N."),
    .init(
      "alluxio.worker.tieredstore.level{N}.watermark.high.ratio", .ratio, nil,
      "Share of tier N at which eviction begins."),
    .init(
      "alluxio.worker.tieredstore.level{N}.watermark.low.ratio", .ratio, nil,
      "Share of tier N at which eviction ends."),
    .init(
      "alluxio.master.tieredstore.global.level{N}.alias", .string, nil,
      "Name of tier N in the cluster."),
  ]

  /// Locks, allocation and eviction.
  private static let allocationKeys: [ConfigurationKey] = [
    .init(
      "alluxio.worker.tieredstore.block.locks", .positive, "1000", "Locks over the cached data."),
    .init(
      "alluxio.worker.tieredstore.block.lock.readers", .positive, "1000",
      "Readers that one lock admits."),
    .init(
      "alluxio.worker.tieredstore.free.ahead.bytes", .size, "0",
      "Bytes freed beyond what an allocation needs."),
    .init(
      "alluxio.worker.allocator.class", .string, "MaxFreeAllocator",
      "How a directory is chosen for new data: MaxFree, RoundRobin or Greedy."),
    .init(
      "alluxio.worker.block.annotator.class", .string, "LRUAnnotator",
      "How cached data is ranked for eviction: LRU or LRFU."),
    .init(
      "alluxio.worker.reviewer.class", .string, "ProbabilisticBufferReviewer",
      "How an allocation is reviewed."),
    .init(
      "alluxio.worker.reviewer.probabilistic.hardlimit.bytes", .size, "64MB",
      "Free bytes below which a directory takes no new data."),
    .init(
      "alluxio.worker.reviewer.probabilistic.softlimit.bytes", .size, "256MB",
      "Free bytes below which a directory takes new data less often."),
  ]

  /// Moving data between tiers.
  private static let managementKeys: [ConfigurationKey] = [
    .init(
      "alluxio.worker.management.tier.align.enabled", .boolean, "true",
      "Keeps the most used data in the fastest tier."),
    .init(
      "alluxio.worker.management.tier.align.range", .positive, "100",
      "Pieces of data aligned in one go."),
    .init(
      "alluxio.worker.management.tier.align.reserved.bytes", .size, "1GB",
      "Bytes each directory reserves for swapping."),
    .init(
      "alluxio.worker.management.tier.promote.enabled", .boolean, "true",
      "Promotes data to faster tiers."),
    .init(
      "alluxio.worker.management.tier.promote.range", .positive, "100",
      "Pieces of data promoted in one go."),
    .init(
      "alluxio.worker.management.tier.promote.quota.percent", .integer(0...100), "90",
      "Percentage of a tier up to which data is promoted into it."),
    .init(
      "alluxio.worker.management.tier.swap.restore.enabled", .boolean, "true",
      "Restores the space reserved for swapping."),
    .init(
      "alluxio.worker.management.load.detection.cool.down.time", .duration, "10sec",
      "Quiet time after load before data is moved."),
    .init(
      "alluxio.worker.management.task.thread.count", .positive, nil,
      "Moves in flight; without a setting one per CPU, at least 4."),
    .init(
      "alluxio.worker.management.block.transfer.concurrency.limit", .positive, nil,
      "Transfers in flight; without a setting half the CPUs, at least 2."),
  ]
}
