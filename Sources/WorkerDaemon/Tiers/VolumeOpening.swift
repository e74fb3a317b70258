// Opening the volumes of a plan, all at once and each with a limit: a disk that does not answer must not hold up the rest.
//
//   look (directory, space, device)  ──all in time──▶ TierCheck ──▶ open (file, log)  ──in time──▶ VolumeFile
//     └─late─▶ look, check alone, open ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─└─late─▶ joins when it is there

import Glibc
import PageStore
import Ring

/// A volume of the plan that is there, or may be later.
struct VolumeOpening {
  /// The thread that opens a volume.
  typealias Call = PatientCall<Result<VolumeFile, PageStoreError>>

  /// How far it came.
  enum Outcome {
    /// It is open.
    case opened(VolumeFile)
    /// It has not answered.
    case late(Call)
    /// It cannot be used.
    case failed(PageStoreError)
  }

  let checked: CheckedVolume
  let outcome: Outcome
}

/// Opens volumes; every step blocks.
struct VolumeOpener {
  let settings: WorkerSettings
  let topology: Topology
  let known: KnownVolumes

  /// Looks at the volumes of the plan and opens those that can be used, waiting for each step for as long as a disk may take
  /// to answer.
  ///
  /// - Throws: as `TierCheck`.
  func open() throws(StartError) -> (volumes: [VolumeOpening], check: TierCheck.Outcome) {
    let plan = settings.tiers.disks
    let check = TierCheck(topology: topology)
    var looks: [PatientCall<Result<TierCheck.Found, StartError>>] = []
    for volume in plan {
      looks.append(
        try PatientCall(name: "volume-look") { () -> Result<TierCheck.Found, StartError> in
          do throws(StartError) { return .success(try check.look(at: volume)) } catch {
            return .failure(error)
          }
        })
    }
    let end = end
    let results = looks.map { $0.result(until: end) }
    let outcome = try check.check(
      zip(plan, results).compactMap { volume, result in result.map { (volume, $0) } },
      isLenient: !settings.tiers.upkeep.requiresTiers)
    var calls: [(CheckedVolume, VolumeOpening.Call)] = []
    for (index, volume) in plan.enumerated() {
      if results[index] == nil {
        calls.append((unseen(volume), try open(volume, after: looks[index], check)))
      } else if let checked = outcome.volumes.first(where: { $0.plan == volume }) {
        calls.append((checked, try call { open(checked) }))
      }
    }
    return (
      wait(for: calls, late: Set(plan.indices.filter { results[$0] == nil }.map { plan[$0].path })),
      outcome
    )
  }

  /// Monotonic nanoseconds until which a step is waited for that begins now; nil for ever.
  private var end: UInt64? {
    let limit = settings.volumeAnswerLimit
    return limit > .zero ? OpenedTiers.now() &+ limit.nanoseconds : nil
  }

  private func wait(
    for calls: [(CheckedVolume, VolumeOpening.Call)], late: Set<String>
  ) -> [VolumeOpening] {
    let end = end
    return calls.map { checked, call in
      // What has had its time is not given it twice.
      let result = late.contains(checked.plan.path) ? call.result : call.result(until: end)
      switch result {
      case .success(let file): return VolumeOpening(checked: checked, outcome: .opened(file))
      case .failure(let error): return VolumeOpening(checked: checked, outcome: .failed(error))
      case nil: return VolumeOpening(checked: checked, outcome: .late(call))
      }
    }
  }

  private func call(
    _ body: @escaping @Sendable () -> Result<VolumeFile, PageStoreError>
  ) throws(StartError) -> VolumeOpening.Call {
    try PatientCall(name: "volume-open", body)
  }

  /// What is known of a volume before anybody saw it.
  private func unseen(_ volume: PlannedVolume) -> CheckedVolume {
    CheckedVolume(
      plan: volume, directory: volume.path,
      node: volume.node.map { topology.memoryNode(near: $0) } ?? topology.arenaNodes[0], disk: "")
  }

  /// Opens a volume once it was looked at, which takes too long; it is checked by itself then.
  private func open(
    _ volume: PlannedVolume, after look: PatientCall<Result<TierCheck.Found, StartError>>,
    _ check: TierCheck
  ) throws(StartError) -> VolumeOpening.Call {
    try call { [self] in
      guard let found = look.result(until: nil) else { preconditionFailure("it was waited for") }
      do throws(StartError) {
        let outcome = try check.check([(volume, found)], isLenient: false)
        guard let checked = outcome.volumes.first else {
          preconditionFailure("a check that is not lenient leaves out nothing")
        }
        return open(checked)
      } catch {
        return .failure(
          PageStoreError(
            .volumeUnavailable, operation: "tiers.open", subject: error.description))
      }
    }
  }

  private func open(_ volume: CheckedVolume) -> Result<VolumeFile, PageStoreError> {
    let path = volume.plan.path
    if let refusal = known.refusal(path: path, directory: volume.directory) {
      return .failure(refusal)
    }
    do throws(PageStoreError) {
      let file = try VolumeFile.open(Self.options(volume, settings))
      known.remember(file.id, path: path, directory: volume.directory)
      return .success(file)
    } catch {
      return .failure(error)
    }
  }

  /// What a volume's file is opened with.
  static func options(
    _ volume: CheckedVolume, _ settings: WorkerSettings
  ) -> VolumeFile.Options {
    VolumeFile.Options(
      directory: volume.directory, cluster: settings.clusterName, pageSize: settings.pageSize,
      quota: Int(clamping: volume.plan.quota), now: UInt64(clamping: time(nil)))
  }
}
