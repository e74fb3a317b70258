// A volume on disk in use: its file, its space, its health, and where it is.

import PageStore
import Synchronization

/// One open volume of the worker.
final class OpenedVolume: Sendable {
  /// Where the opening of its pages stands.
  enum Restoring: Sendable, Equatable {
    /// Its log is being read; it takes no pages yet.
    case underWay
    /// It is in use.
    case done
    /// Its log could not be read to the end; the pages not read are given up.
    case partial
  }

  /// What was configured and found.
  let checked: CheckedVolume
  /// Position among the store's disks.
  let position: Int
  let file: VolumeFile
  let disk: DiskVolume
  let health: VolumeHealth
  /// Whether its file is where it was.
  let presence: PresenceCheck
  private let restoring = Mutex(Restoring.underWay)

  init(
    _ checked: CheckedVolume, position: Int, file: VolumeFile, disk: DiskVolume,
    health: VolumeHealth
  ) {
    self.checked = checked
    self.position = position
    self.file = file
    self.disk = disk
    self.health = health
    presence = PresenceCheck(VolumePresence("\(file.path)/pages"))
  }

  /// The directory as configured.
  var path: String { checked.plan.path }
  /// The name of its tier.
  var tier: String { checked.plan.tier.name }
  /// Where the opening of its pages stands.
  var restoration: Restoring { restoring.withLock { $0 } }

  /// Says that its pages were read from its log.
  func restored(isWhole: Bool) { restoring.withLock { $0 = isWhole ? .done : .partial } }
}

/// A configured volume that could not be opened, when the worker may go on without it.
package struct MissingVolume: Sendable, Equatable {
  /// What was configured.
  package let plan: PlannedVolume
  /// Why it is not there, with the remedy.
  package let reason: String
}
