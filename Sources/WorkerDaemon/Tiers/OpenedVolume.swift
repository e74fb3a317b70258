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
    /// It came too late and could not be used; it stays out until the next start.
    case refused
  }

  /// A volume whose file does not answer yet.
  struct Late: Sendable {
    let volume: LateVolume
    let call: VolumeOpening.Call
    /// Monotonic nanoseconds since when it is waited for.
    let since: UInt64
  }

  private struct State {
    var restoring = Restoring.underWay
    var file: VolumeFile?
    var presence: PresenceCheck
  }

  /// What was configured and found.
  let checked: CheckedVolume
  /// Position among the store's disks.
  let position: Int
  let disk: DiskVolume
  let health: VolumeHealth
  /// What is waited for; nil for a volume that answered in time.
  let late: Late?
  private let state: Mutex<State>

  init(
    _ checked: CheckedVolume, position: Int, file: VolumeFile, disk: DiskVolume,
    health: VolumeHealth
  ) {
    self.checked = checked
    self.position = position
    self.disk = disk
    self.health = health
    late = nil
    state = Mutex(
      State(file: file, presence: PresenceCheck(VolumePresence("\(file.path)/pages"))))
  }

  /// A volume that has been waited for since `since`, by `call`.
  init(
    _ checked: CheckedVolume, position: Int, late: LateVolume, _ call: VolumeOpening.Call,
    health: VolumeHealth, since: UInt64
  ) {
    self.checked = checked
    self.position = position
    disk = late.disk
    self.health = health
    self.late = Late(volume: late, call: call, since: since)
    state = Mutex(State(file: nil, presence: PresenceCheck(nil)))
  }

  /// Its file; nil while it does not answer.
  var file: VolumeFile? { state.withLock { $0.file } }
  /// Whether its file is where it was.
  var presence: PresenceCheck { state.withLock { $0.presence } }

  /// Takes `file`, which came late, into use; blocks.
  func join(_ file: VolumeFile) {
    late?.volume.join(file)
    let presence = PresenceCheck(VolumePresence("\(file.path)/pages"))
    state.withLock { ($0.file, $0.presence) = (file, presence) }
  }

  /// Says that a file which came late cannot be used.
  func refuse() { state.withLock { $0.restoring = .refused } }

  /// The directory as configured.
  var path: String { checked.plan.path }
  /// The name of its tier.
  var tier: String { checked.plan.tier.name }
  /// Where the opening of its pages stands.
  var restoration: Restoring { state.withLock { $0.restoring } }

  /// Says that its pages were read from its log.
  func restored(isWhole: Bool) { state.withLock { $0.restoring = isWhole ? .done : .partial } }
}

/// A configured volume that could not be opened, when the worker may go on without it.
package struct MissingVolume: Sendable, Equatable {
  /// What was configured.
  package let plan: PlannedVolume
  /// Why it is not there, with the remedy.
  package let reason: String
}
