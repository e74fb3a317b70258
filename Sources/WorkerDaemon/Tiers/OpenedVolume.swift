// A volume on disk in use, or waited for: its file, its space, its health, and where it is.

import PageStore
import Synchronization

/// One configured volume of the worker.
final class OpenedVolume: Sendable {
  /// Where the opening of its pages stands.
  enum Restoring: Sendable, Equatable {
    /// It is waited for, or its log is being read; it takes no pages yet.
    case underWay
    /// It is in use.
    case done
    /// Its log could not be read to the end; the pages not read are given up.
    case partial
    /// It could not be opened, and is tried again.
    case absent
  }

  private struct State {
    var restoring = Restoring.underWay
    var file: VolumeFile?
    var presence: PresenceCheck
    var opening: VolumeOpening.Call?
  }

  /// What was configured and found.
  let checked: CheckedVolume
  /// Position among the store's disks.
  let position: Int
  let disk: DiskVolume
  let health: VolumeHealth
  /// Why it could not be opened at start; nil when it could, or has not answered.
  let refusal: PageStoreError?
  private let state: Mutex<State>

  /// A volume that came of `opening`; `disk` has its file, if that is open.
  init(_ opening: VolumeOpening, position: Int, disk: DiskVolume, health: VolumeHealth) {
    checked = opening.checked
    self.position = position
    self.disk = disk
    self.health = health
    var state = State(presence: PresenceCheck(nil))
    var refusal: PageStoreError?
    switch opening.outcome {
    case .opened(let file): (state.file, state.presence) = (file, Self.presence(of: file))
    case .late(let call): state.opening = call
    case .failed(let error): (refusal, state.restoring) = (error, .absent)
    }
    self.refusal = refusal
    self.state = Mutex(state)
  }

  private static func presence(of file: VolumeFile) -> PresenceCheck {
    PresenceCheck(VolumePresence("\(file.path)/pages"))
  }

  /// Its file; nil while there is none.
  var file: VolumeFile? { state.withLock { $0.file } }
  /// Whether its file is where it was.
  var presence: PresenceCheck { state.withLock { $0.presence } }
  /// The attempt to open it that has not been answered, or whose file nobody has taken.
  var opening: VolumeOpening.Call? { state.withLock { $0.opening } }

  /// Says that `call` opens it, or that nothing does.
  func opens(by call: VolumeOpening.Call?) { state.withLock { $0.opening = call } }

  /// Takes `file` into use; blocks.
  ///
  /// - Throws: `memoryUnavailable`.
  func join(_ file: VolumeFile) throws(PageStoreError) {
    try disk.join(file)
    let presence = Self.presence(of: file)
    state.withLock {
      ($0.file, $0.presence, $0.opening, $0.restoring) = (file, presence, nil, .underWay)
    }
  }

  /// Lets go of its file, which stays open until `takeFile`.
  func leave() {
    disk.leave()
    state.withLock { ($0.presence, $0.restoring) = (PresenceCheck(nil), .underWay) }
  }

  /// Its file, which is the caller's to close from now on.
  func takeFile() -> VolumeFile? {
    state.withLock { state in
      defer { state.file = nil }
      return state.file
    }
  }

  /// Says that it cannot be opened.
  func refuse() { state.withLock { $0.restoring = .absent } }

  /// The directory as configured.
  var path: String { checked.plan.path }
  /// The name of its tier.
  var tier: String { checked.plan.tier.name }
  /// Where the opening of its pages stands.
  var restoration: Restoring { state.withLock { $0.restoring } }

  /// Says that its pages were read from its log.
  func restored(isWhole: Bool) { state.withLock { $0.restoring = isWhole ? .done : .partial } }
}
