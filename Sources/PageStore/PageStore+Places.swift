// Where the store's space lies, for people and metrics.

/// A volume of a store, as of one moment.
package struct VolumePlace: Sendable, Equatable {
  /// What operators call it, a directory; empty for memory.
  package let name: String
  /// Its health; nil for memory.
  package let state: VolumeState?
  /// The tier it belongs to.
  package let tier: Tier
  /// The NUMA node it is near to.
  package let node: Int
  /// Most bytes it may use.
  package let quota: Int
  /// Bytes it uses.
  package let used: Int
}

extension PageStore {
  /// The store's volumes, in the order it asks them for space.
  package var volumePlaces: [VolumePlace] {
    core.volumes.map {
      let disk = $0 as? DiskVolume
      return VolumePlace(
        name: disk?.name ?? "", state: disk?.health.state, tier: $0.tier, node: $0.node,
        quota: $0.quota, used: $0.used)
    }
  }
}

extension Tier {
  /// The tier as configuration and tables spell it.
  package var name: String {
    switch self {
    case .mem: "MEM"
    case .ssd: "SSD"
    case .hdd: "HDD"
    }
  }
}
