// From keys to tiers: which family of keys counts, and what its lists mean together.

import Model
import PageStore

/// Reads the keys of tiers and volumes; collects what is worth a line in the log.
struct TierPlanReader {
  /// A level of the tiered store, or the one level of the page store.
  struct Level {
    var volumes: [PlannedVolume]
    var watermarks: PlannedTier.Watermarks?
    var name: String
  }

  private typealias Key = Configuration.TierKey
  private static let tieredStore = "alluxio.worker.tieredstore."
  private static let ramdiskSize = Configuration.SpecialKey.ramdiskSize.rawValue

  let configuration: Configuration
  let memory: Int64
  let pageSize: Int
  private(set) var notes: [String] = []
  private(set) var warnings: [String] = []

  init(_ configuration: Configuration, memory: Int64, pageSize: Int) {
    self.configuration = configuration
    self.memory = memory
    self.pageSize = pageSize
  }

  // MARK: Levels

  /// The levels that the configuration names; none for memory alone.
  mutating func levels() throws(StartError) -> [Level] {
    let set = levelsSet()
    var levels: [Level] = []
    if !set.isEmpty {
      if isPageStoreSet {
        warnings.append(
          "\(Key.storeDirs.rawValue) and \(Key.storeSizes.rawValue) are ignored: \(Self.tieredStore)level\(set[0]).dirs.* is set and counts; remove one of the two"
        )
      }
      levels = try tieredStore(set)
    } else if isPageStoreSet {
      levels = try pageStore()
    }
    try assignNodes(&levels)
    return levels
  }

  /// Numbers of the tiered-store levels whose directories or quotas somebody set.
  private func levelsSet() -> [Int] {
    (0..<100).filter { index in
      configuration.isSet("\(Self.tieredStore)level\(index).dirs.path")
        || configuration.isSet("\(Self.tieredStore)level\(index).dirs.quota")
    }
  }

  private var isPageStoreSet: Bool {
    configuration.isSet(Key.storeDirs.rawValue) || configuration.isSet(Key.storeSizes.rawValue)
  }

  // MARK: Page store

  private mutating func pageStore() throws(StartError) -> [Level] {
    guard configuration.choice(.pageStoreType) != "MEM" else {
      if configuration.isSet(Key.storeDirs.rawValue) {
        notes.append(
          "\(Key.storeDirs.rawValue) is only a name: with type MEM pages live in memory")
      }
      return []
    }
    let paths = list(Key.storeDirs.rawValue)
    let sizes = sizes(Key.storeSizes.rawValue)
    let mediums = list(Key.mediums.rawValue)
    guard mediums.count <= 1 || mediums.count == paths.count else {
      throw unpaired(Key.mediums.rawValue, mediums.count, Key.storeDirs.rawValue, paths.count)
    }
    var volumes: [PlannedVolume] = []
    for (index, path) in paths.enumerated() where index < sizes.count {
      let medium = mediums.isEmpty ? "SSD" : mediums[min(index, mediums.count - 1)]
      volumes.append(
        PlannedVolume(
          tier: try tier(medium, Key.mediums.rawValue),
          path: try absolute(path, Key.storeDirs.rawValue), quota: usable(sizes[index]),
          pathKey: Key.storeDirs.rawValue, quotaKey: Key.storeSizes.rawValue))
    }
    let isAhead = configuration.setting(Key.asyncEviction.rawValue)?.value == .boolean(true)
    let watermarks =
      isAhead
      ? try watermarks(
        Key.asyncEvictionHigh.rawValue, Key.asyncEvictionLow.rawValue, defaults: (0.9, 0.8)) : nil
    return [Level(volumes: volumes, watermarks: watermarks, name: "the page store")]
  }

  /// Bytes of `size` for pages: all of them, unless somebody set the share that others keep for their records.
  private func usable(_ size: Int64) -> Int64 {
    guard configuration.isSet(Key.overhead.rawValue),
      case .number(let share) = configuration.setting(Key.overhead.rawValue)?.value
    else { return size }
    return Int64(exactly: (Double(size) / (1 + share)).rounded(.down)) ?? size
  }

  // MARK: Tiered store

  private mutating func tieredStore(_ set: [Int]) throws(StartError) -> [Level] {
    let key = Key.levels.rawValue
    guard case .integer(let count) = configuration.setting(key)?.value else { return [] }
    for index in set where index >= count {
      warnings.append(
        "\(Self.tieredStore)level\(index).dirs.* is ignored: \(key) is \(count); set it to \(index + 1)"
      )
    }
    var levels: [Level] = []
    for index in 0..<Int(clamping: count) { levels.append(try level(index)) }
    return levels
  }

  private mutating func level(_ index: Int) throws(StartError) -> Level {
    let prefix = "\(Self.tieredStore)level\(index)."
    let pathKey = prefix + "dirs.path"
    let quotaKey = prefix + "dirs.quota"
    let paths = list(pathKey)
    guard !paths.isEmpty else {
      throw StartError(
        .configuration, "\(pathKey) is not set, but \(Key.levels.rawValue) asks for that level")
    }
    let mediumKey = prefix + "dirs.mediumtype"
    let mediums = mediums(of: index, mediumKey)
    guard mediums.count == 1 || mediums.count == paths.count else {
      throw unpaired(mediumKey, mediums.count, pathKey, paths.count)
    }
    let quotas = sizes(quotaKey)
    var volumes: [PlannedVolume] = []
    for (position, path) in paths.enumerated() {
      let tier = try tier(mediums[min(position, mediums.count - 1)], mediumKey)
      let quota = try quota(quotas, at: position, of: paths.count, tier, quotaKey)
      volumes.append(
        PlannedVolume(
          tier: tier, path: tier == .mem ? path : try absolute(path, pathKey), quota: quota.bytes,
          pathKey: pathKey, quotaKey: quota.key))
    }
    let watermarks = try watermarks(
      prefix + "watermark.high.ratio", prefix + "watermark.low.ratio", defaults: (0.95, 0.7))
    return Level(volumes: volumes, watermarks: watermarks, name: "level\(index)")
  }

  /// The medium types of a level: its own, else its alias, else what its number stands for.
  private func mediums(of index: Int, _ key: String) -> [String] {
    let mediums = list(key)
    guard mediums.isEmpty else { return mediums }
    if case .text(let alias) = configuration.setting("\(Self.tieredStore)level\(index).alias")?
      .value
    {
      return [alias]
    }
    return [index < 3 ? ["MEM", "SSD", "HDD"][index] : "HDD"]
  }

  private func quota(
    _ quotas: [Int64], at position: Int, of count: Int, _ tier: Tier, _ key: String
  ) throws(StartError) -> (bytes: Int64, key: String) {
    if quotas.count == count { return (quotas[position], key) }
    guard quotas.isEmpty, tier == .mem, count == 1 else {
      throw StartError(
        .configuration, "\(key) has \(quotas.count) sizes for \(count) directories: give each one")
    }
    return (configuration.memoryQuota(memory: memory), Self.ramdiskSize)
  }

  // MARK: Tiers

  /// The levels' volumes by medium, memory in front.
  mutating func tiers(
    of levels: [Level]
  ) throws(StartError) -> (tiers: [PlannedTier], memoryKey: String, isLanding: Bool) {
    let order = levels.flatMap { $0.volumes.map(\.tier) }
    if order != order.sorted() {
      warnings.append("tiers are used in the order MEM, SSD, HDD, whatever the order of levels")
    }
    var tiers: [PlannedTier] = []
    for tier in [Tier.mem, .ssd, .hdd] {
      let parts = levels.filter { level in level.volumes.contains { $0.tier == tier } }
      guard let first = parts.first else { continue }
      for other in parts.dropFirst() where other.watermarks != first.watermarks {
        warnings.append(
          "\(first.name) and \(other.name) both hold \(tier.name), which is one tier: the watermarks of \(first.name) count"
        )
      }
      let volumes = parts.flatMap { $0.volumes.filter { $0.tier == tier } }
      tiers.append(PlannedTier(tier: tier, volumes: volumes, watermarks: first.watermarks))
    }
    var plan = addMemory(to: tiers)
    // A tier with another below it hands pages down before it is full, whoever asked for what.
    for index in plan.tiers.indices.dropLast()
    where plan.tiers[index].tier != .mem && plan.tiers[index].watermarks == nil {
      plan.tiers[index].watermarks = Self.handingDown
    }
    return plan
  }

  /// Watermarks of a disk tier with another below it for which nobody set any.
  private static let handingDown = PlannedTier.Watermarks(high: 0.95, low: 0.9)

  private mutating func addMemory(
    to tiers: [PlannedTier]
  ) -> (tiers: [PlannedTier], memoryKey: String, isLanding: Bool) {
    if let memory = tiers.first, memory.tier == .mem {
      let names = memory.volumes.map(\.path).filter { !$0.isEmpty }
      if !names.isEmpty {
        notes.append(
          "\(names.joined(separator: ", ")): only the name of a MEM volume; pages live in the daemon's own memory and nothing is written there"
        )
      }
      return (tiers, memory.volumes[0].quotaKey, false)
    }
    var (quota, key, isLanding) = (configuration.memoryQuota(memory: memory), quotaKey, false)
    if !tiers.isEmpty, !configuration.isSet(Self.ramdiskSize) {
      (quota, key, isLanding) = (landingSize, Configuration.SizeKey.landingSize.rawValue, true)
      notes.append(
        "no MEM tier is configured: pages land in \(SizeText.print(quota)) of memory (\(key)) before they go to disk"
      )
    }
    let volume = PlannedVolume(tier: .mem, path: "", quota: quota, pathKey: key, quotaKey: key)
    let memoryTier = PlannedTier(
      tier: .mem, volumes: [volume], watermarks: isLanding ? nil : tiers.first?.watermarks)
    return ([memoryTier] + tiers, key, isLanding)
  }

  /// The key that the quota of memory alone came from.
  private var quotaKey: String {
    configuration.isSet(Key.storeSizes.rawValue) && !configuration.isSet(Self.ramdiskSize)
      ? Key.storeSizes.rawValue : Self.ramdiskSize
  }

  /// Bytes of the landing zone: as configured, at most a quarter of the memory, at least a few pages.
  private var landingSize: Int64 {
    max(min(configuration.size(.landingSize), memory / 4), Int64(pageSize) * 16)
  }
}
