// A planned volume after its directory and device were looked at.

/// A volume on disk whose directory exists and can be used.
package struct CheckedVolume: Sendable, Equatable {
  /// What the configuration says of it.
  package let plan: PlannedVolume
  /// Its directory without symbolic links.
  package let directory: String
  /// The NUMA node whose arena is nearest to it.
  package let node: Int
  /// The kernel's name of the disk it lies on, such as `nvme0n1`; empty when there is none.
  package let disk: String
}
