// Single values of the tiers' keys, checked as far as a value alone can be.

import Model
import PageStore

extension TierPlanReader {
  /// The entries of a list; none when it is unset.
  func list(_ name: String) -> [String] {
    guard case .list(let entries) = configuration.setting(name)?.value else { return [] }
    return entries
  }

  /// The entries of a list of sizes; none when it is unset.
  func sizes(_ name: String) -> [Int64] {
    guard case .sizes(let sizes) = configuration.setting(name)?.value else { return [] }
    return sizes
  }

  /// The tier of `medium`, which `key` names.
  func tier(_ medium: String, _ key: String) throws(StartError) -> Tier {
    guard let tier = Tier(medium: medium) else {
      throw StartError(
        .configuration, "\(key) names the medium '\(medium)': it must be MEM, SSD or HDD")
    }
    return tier
  }

  /// `path` without needless slashes.
  func absolute(_ path: String, _ key: String) throws(StartError) -> String {
    guard path.utf8.first == UInt8(ascii: "/") else {
      throw StartError(.configuration, "\(key) names '\(path)': a volume needs an absolute path")
    }
    return "/" + path.split(separator: "/").joined(separator: "/")
  }

  /// The watermarks that two keys name.
  func watermarks(
    _ highKey: String, _ lowKey: String, defaults: (high: Double, low: Double)
  ) throws(StartError) -> PlannedTier.Watermarks {
    func ratio(_ name: String, _ otherwise: Double) -> Double {
      guard case .number(let ratio) = configuration.setting(name)?.value else { return otherwise }
      return ratio
    }
    let (high, low) = (ratio(highKey, defaults.high), ratio(lowKey, defaults.low))
    guard low > 0, low <= high, high <= 1 else {
      throw StartError(
        .configuration,
        "\(lowKey)=\(low) and \(highKey)=\(high): the low one must be above 0 and not above the high one"
      )
    }
    return PlannedTier.Watermarks(high: high, low: low)
  }

  /// Lists that belong together and differ in length.
  func unpaired(_ one: String, _ count: Int, _ other: String, _ otherCount: Int) -> StartError {
    StartError(
      .configuration,
      "\(one) has \(count) entries and \(other) has \(otherCount): give one for all, or one for each"
    )
  }

  /// Gives the levels' volumes the NUMA nodes of `penstock.worker.page.store.numa.nodes`, in order.
  func assignNodes(_ levels: inout [Level]) throws(StartError) {
    let key = Configuration.TierKey.numaNodes.rawValue
    let texts = list(key)
    let count = levels.reduce(0) { $0 + $1.volumes.count }
    guard !texts.isEmpty, count > 0 else { return }
    guard texts.count == 1 || texts.count == count else {
      throw unpaired(key, texts.count, "the list of directories", count)
    }
    var position = 0
    for level in levels.indices {
      for volume in levels[level].volumes.indices {
        let text = texts[min(position, texts.count - 1)]
        position += 1
        if text.lowercased() == "auto" { continue }
        guard let node = Int(text), (0..<1024).contains(node) else {
          throw StartError(
            .configuration, "\(key) has the entry '\(text)': it must be auto or a node's number")
        }
        levels[level].volumes[volume].node = node
      }
    }
  }

  /// Policies and rates.
  mutating func upkeep() throws(StartError) -> TierUpkeep {
    TierUpkeep(
      policy: try policy(), lfuLogBase: configuration.number(.lfuLogBase),
      verify: configuration.choice(.verify),
      scrubBandwidth: configuration.size(.scrubBandwidth),
      promoteBandwidth: configuration.size(.promoteBandwidth),
      demoteBandwidth: configuration.size(.demoteBandwidth),
      requiresTiers: configuration.boolean(.readinessRequiresTiers))
  }

  /// The policy by its type, else by the name of its class in 2.x.
  private func policy() throws(StartError) -> String {
    let key = Configuration.TierKey.evictorClass.rawValue
    guard !configuration.isSet(Configuration.ChoiceKey.evictorType.rawValue),
      configuration.isSet(key), case .text(let name) = configuration.setting(key)?.value
    else { return configuration.choice(.evictorType) }
    let suffix = "CacheEvictor"
    let simple = name.split(separator: ".").last ?? ""
    let known = ["LRU", "LFU", "FIFO", "S3FIFO"].first { $0 + suffix == simple }
    guard let known else {
      throw StartError(
        .configuration,
        "\(key) names '\(name)': it must be LRUCacheEvictor, LFUCacheEvictor, FIFOCacheEvictor or S3FIFOCacheEvictor"
      )
    }
    return known
  }
}
