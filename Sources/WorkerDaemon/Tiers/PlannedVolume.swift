// One directory, or the memory, of the configuration.

package import PageStore

/// A volume as it was configured, before anybody looked at its device.
package struct PlannedVolume: Sendable, Equatable {
  /// The tier that its medium belongs to.
  package var tier: Tier
  /// Absolute path of its directory; for memory only a name, possibly empty.
  package var path: String
  /// Bytes that its pages may use.
  package var quota: Int64
  /// The NUMA node it is near to; nil asks its device.
  package var node: Int?
  /// The key that names it, for messages.
  package var pathKey: String
  /// The key that gives it its quota, for messages.
  package var quotaKey: String

  /// A volume of its parts.
  package init(
    tier: Tier, path: String, quota: Int64, node: Int? = nil, pathKey: String, quotaKey: String
  ) {
    self.tier = tier
    self.path = path
    self.quota = quota
    self.node = node
    self.pathKey = pathKey
    self.quotaKey = quotaKey
  }
}

extension Tier {
  /// The name in configurations, logs and metrics.
  package var name: String {
    switch self {
    case .mem: "MEM"
    case .ssd: "SSD"
    case .hdd: "HDD"
    }
  }

  /// The tier of a medium type's name in any case, or nil for none of ours.
  package init?(medium: String) {
    switch medium.uppercased() {
    case "MEM": self = .mem
    case "SSD": self = .ssd
    case "HDD": self = .hdd
    default: return nil
    }
  }
}
