// Opening the volumes of a plan, all at once and each with a limit: a disk that does not answer must not hold up the rest.
//
//   look (directory, space, device)  ──all in time──▶ TierCheck ──▶ open (file, log)  ──in time──▶ VolumeFile
//     └─late─▶ look, check alone, open ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─├─late─▶ joins when it is there
//                 ▲                                                    └─failed─┐
//                 └──────────────── reopen, after a while ──────────────────────┘

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
    /// It cannot be used now.
    case failed(PageStoreError)
  }

  let checked: CheckedVolume
  let outcome: Outcome
}

/// Opens volumes; every step blocks.
struct VolumeOpener: Sendable {
  let settings: WorkerSettings
  let topology: Topology
  let known: KnownVolumes

  private typealias Look = PatientCall<Result<TierCheck.Found, StartError>>

  /// How one volume of the plan is opened.
  private enum Way {
    case call(VolumeOpening.Call, isLate: Bool)
    case failed(PageStoreError)
  }

  /// Looks at the volumes of the plan and opens those that can be used, waiting for each step for as long as a disk may take
  /// to answer.
  ///
  /// - Throws: `.configuration` for quotas, paths and nodes that cannot be, whatever the disks do.
  func open() throws(StartError) -> (volumes: [VolumeOpening], check: TierCheck.Outcome) {
    let plan = settings.tiers.disks
    let check = TierCheck(topology: topology)
    var looks: [Look] = []
    for volume in plan { looks.append(try look(at: volume, check)) }
    let end = end
    let results = looks.map { $0.result(until: end) }
    let outcome = try check.check(
      zip(plan, results).compactMap { volume, result in result.map { (volume, $0) } },
      isLenient: true)
    var ways: [(CheckedVolume, Way)] = []
    for (index, volume) in plan.enumerated() {
      if results[index] == nil {
        let look = looks[index]
        let call = try call { self.open(volume, look.result(until: nil), check) }
        ways.append((unseen(volume), .call(call, isLate: true)))
      } else if let checked = outcome.volumes.first(where: { $0.plan == volume }) {
        ways.append((checked, .call(try call { self.open(checked) }, isLate: false)))
      } else {
        let reason = outcome.missing.first { $0.plan == volume }?.reason ?? volume.path
        ways.append((unseen(volume), .failed(Self.unavailable(reason))))
      }
    }
    return (wait(for: ways), outcome)
  }

  /// Monotonic nanoseconds until which a step is waited for that begins now; nil for ever.
  private var end: UInt64? {
    let limit = settings.volumeAnswerLimit
    return limit > .zero ? monotonicNow() &+ limit.nanoseconds : nil
  }

  private func wait(for ways: [(CheckedVolume, Way)]) -> [VolumeOpening] {
    let end = end
    return ways.map { checked, way in
      switch way {
      case .failed(let error): return VolumeOpening(checked: checked, outcome: .failed(error))
      case .call(let call, let isLate):
        // What has had its time is not given it twice.
        switch isLate ? call.result : call.result(until: end) {
        case .success(let file): return VolumeOpening(checked: checked, outcome: .opened(file))
        case .failure(let error): return VolumeOpening(checked: checked, outcome: .failed(error))
        case nil: return VolumeOpening(checked: checked, outcome: .late(call))
        }
      }
    }
  }

  private func look(at volume: PlannedVolume, _ check: TierCheck) throws(StartError) -> Look {
    try PatientCall(name: "volume-look") { [known] () -> Result<TierCheck.Found, StartError> in
      do throws(StartError) {
        let found = try check.look(at: volume)
        // Before its space is looked at: what lies below a mount says nothing of the disk.
        let refusal = known.refusal(path: volume.path, directory: found.facts.path)
        return refusal.map { .failure(StartError(.directory, $0.sentence)) } ?? .success(found)
      } catch {
        return .failure(error)
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

  private static func unavailable(_ text: String) -> PageStoreError {
    PageStoreError(.volumeUnavailable, operation: "tiers.open", subject: text)
  }

  // MARK: Again

  /// Begins to open `volume` anew, by itself.
  ///
  /// - Throws: `.system` when there is no thread for it.
  func reopen(_ volume: PlannedVolume) throws(StartError) -> VolumeOpening.Call {
    let check = TierCheck(topology: topology)
    return try call {
      // Where a disk is to be mounted a directory is not made: it would lie below the mount.
      if let text = known.absence(of: volume.path) { return .failure(Self.unavailable(text)) }
      do throws(StartError) {
        return open(volume, .success(try check.look(at: volume)), check)
      } catch {
        return .failure(Self.unavailable(error.description))
      }
    }
  }

  /// Opens a volume that was looked at by itself.
  private func open(
    _ volume: PlannedVolume, _ look: Result<TierCheck.Found, StartError>?, _ check: TierCheck
  ) -> Result<VolumeFile, PageStoreError> {
    guard let look else { preconditionFailure("it was waited for") }
    do throws(StartError) {
      let outcome = try check.check([(volume, look)], isLenient: false)
      guard let checked = outcome.volumes.first else {
        preconditionFailure("a check that is not lenient leaves out nothing")
      }
      return open(checked)
    } catch {
      return .failure(Self.unavailable(error.description))
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
