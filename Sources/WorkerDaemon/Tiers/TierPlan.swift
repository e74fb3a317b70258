// What the configuration says of tiers and volumes. Nothing here looks at a disk; TierCheck does.
//
//   levelN.dirs.{path,quota} set ──▶ tiered-store keys (2.x)      fastest medium first, whatever the order of levels
//   else page.store.{dirs,sizes} set, type LOCAL ──▶ page-store keys
//   else ──▶ memory alone
//
// Memory is always there: the MEM volumes' sum, the quota of part 1 when nothing else is configured, or a landing zone
// in front of disks without a MEM tier.

package import Model
import PageStore

/// Tiers and volumes in the order of their speed, and how pages move between them.
package struct TierPlan: Sendable, Equatable {
  /// The tiers, memory first and always there.
  package var tiers: [PlannedTier]
  /// The key that gives memory its size, for messages.
  package var memoryKey: String
  /// True when the memory is a landing zone that no key asked for by name.
  package var isLanding: Bool
  /// The policies and rates.
  package var upkeep: TierUpkeep
  /// What the operator should know, for the log at `info`.
  package var notes: [String]
  /// What the operator should change, for the log at `warning`.
  package var warnings: [String]

  /// Bytes of the memory tier.
  package var memory: Int64 { tiers[0].quota }

  /// The volumes on disks, fastest medium first.
  package var disks: [PlannedVolume] { tiers.dropFirst().flatMap(\.volumes) }

  /// The plan of `configuration` on a machine whose processes may use `memory` bytes.
  ///
  /// - Throws: `.configuration` with the key and the remedy.
  package init(
    _ configuration: Configuration, memory: Int64, pageSize: Int
  ) throws(StartError) {
    var reader = TierPlanReader(configuration, memory: memory, pageSize: pageSize)
    let levels = try reader.levels()
    upkeep = try reader.upkeep()
    (tiers, memoryKey, isLanding) = try reader.tiers(of: levels)
    (notes, warnings) = (reader.notes, reader.warnings)
    for volume in disks where volume.quota < Int64(pageSize) {
      throw StartError(
        .configuration,
        "\(volume.quotaKey) gives \(volume.path) \(SizeText.print(volume.quota)), less than one page of \(SizeText.print(Int64(pageSize))): raise it"
      )
    }
  }

  /// Bytes of memory that the index of `disks` takes when they are full of pages of `pageSize`.
  static func indexSize(of disks: [PlannedVolume], pageSize: Int) -> Int64 {
    let bytes = disks.reduce(Int64(0)) { sum($0, $1.quota) }
    return bytes / Int64(pageSize) * 64
  }

  /// A sum that stops at the largest int64.
  static func sum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }
}
