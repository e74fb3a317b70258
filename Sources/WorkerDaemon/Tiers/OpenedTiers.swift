// The page store and its volumes, made from a plan.
//
//   plan ──VolumeOpener──▶ files, or those that are late ──makeVolume──▶ disks ──▶ PageStore over arenas and disks
//
// What is on the disks is entered later, by TierKeeper, while the worker serves.

import CLinux
import Glibc
import Model
import PageStore
import Ring

/// The store of a worker and its open volumes.
struct OpenedTiers {
  /// The store; its disks have no pages yet.
  let store: PageStore
  /// The volumes on disk in the order of the store.
  let volumes: [OpenedVolume]
  /// Configured volumes that are not there.
  private(set) var missing: [MissingVolume] = []
  /// What the operator should know, for the log at `info`.
  private(set) var notes: [String] = []
  /// What the operator should change, for the log at `warning`.
  private(set) var warnings: [String] = []

  /// Opens what `settings` plan; blocks.
  ///
  /// - Throws: `.configuration` for memory, quotas, paths or volumes that do not fit, `.directory` for what cannot be used.
  init(_ settings: WorkerSettings, _ topology: Topology) throws(StartError) {
    let plan = settings.tiers
    let arenas = try Self.arenas(settings, topology)
    let opener = VolumeOpener(
      settings: settings, topology: topology,
      known: KnownVolumes(directory: settings.workDirectory))
    let (openings, checked) = try opener.open()
    notes = plan.notes
    warnings = plan.warnings + checked.warnings
    missing = checked.missing
    var usable: [VolumeOpening] = []
    for opening in openings {
      switch opening.outcome {
      case .late: usable.append(opening)
      case .opened(let file):
        notes += file.notices.filter { !$0.isWarning }.map(\.description)
        warnings += file.notices.filter(\.isWarning).map(\.description)
        usable.append(opening)
      case .failed(let error):
        let reason = "\(opening.checked.plan.pathKey): \(error.sentence)"
        guard !plan.upkeep.requiresTiers else {
          Self.close(openings)
          throw StartError(Self.code(of: error), reason)
        }
        missing.append(MissingVolume(plan: opening.checked.plan, reason: reason))
      }
    }
    do throws(PageStoreError) {
      let slotCount = PageStore.slotCount(
        bytes: arenas.stride * arenas.arenas.count
          + usable.reduce(0) { $0 + Int(clamping: $1.checked.plan.quota) })
      var volumes: [OpenedVolume] = []
      for (position, opening) in usable.enumerated() {
        volumes.append(try Self.open(opening, position, slotCount, settings))
      }
      self.volumes = volumes
      store = try PageStore(
        arenas: arenas, disks: volumes.map(\.disk), options: Self.options(settings))
    } catch {
      Self.close(openings)
      throw StartError(.configuration, "the page store cannot be made: \(error.sentence)")
    }
    warnings += missing.map { "going on without \($0.plan.path): \($0.reason)" }
  }

  /// Monotonic nanoseconds, on the clock of the rings.
  @Sendable static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  private static func arenas(
    _ settings: WorkerSettings, _ topology: Topology
  ) throws(StartError) -> ArenaSet {
    let nodes = topology.arenaNodes
    let quota = Int(clamping: settings.tiers.memory)
    let perNode = quota / nodes.count / settings.pageSize * settings.pageSize
    let text = "a memory tier of \(quota) bytes (\(settings.tiers.memoryKey)) cannot be made"
    guard perNode > 0 else {
      throw StartError(
        .configuration, "\(text): it holds no page of \(settings.pageSize) bytes on each node")
    }
    do throws(RingError) {
      return try ArenaSet(name: "penstock-pages", nodes: nodes, capacityPerNode: perNode)
    } catch {
      throw StartError(.configuration, "\(text): \(error)")
    }
  }

  /// Closes what is open after all.
  private static func close(_ openings: [VolumeOpening]) {
    for case .opened(let file) in openings.map(\.outcome) { file.close() }
  }

  private static func open(
    _ opening: VolumeOpening, _ position: Int, _ slotCount: Int, _ settings: WorkerSettings
  ) throws(PageStoreError) -> OpenedVolume {
    let volume = opening.checked
    var limits = VolumeHealthOptions()
    limits.probation = settings.volumeProbation.nanoseconds
    limits.answerLimit = settings.volumeAnswerLimit.nanoseconds
    limits.probationMax = max(limits.probationMax, limits.probation)
    let health = VolumeHealth(options: limits, now: now())
    let trailerMemory = Int(clamping: settings.checksumCacheSize)
    if case .late(let call) = opening.outcome {
      let late = try LateVolume(
        VolumeOpener.options(volume, settings), slotCount: slotCount, tier: volume.plan.tier,
        node: volume.node, number: UInt8(clamping: position), name: volume.plan.path,
        trailerMemory: trailerMemory, health: health, now: now)
      return OpenedVolume(
        volume, position: position, late: late, call, health: health,
        since: now() &- settings.volumeAnswerLimit.nanoseconds)
    }
    guard case .opened(let file) = opening.outcome else {
      preconditionFailure("what failed is no volume")
    }
    let disk = try file.makeVolume(
      slotCount: slotCount, tier: volume.plan.tier, node: volume.node,
      number: UInt8(clamping: position), name: volume.plan.path, trailerMemory: trailerMemory,
      health: health, now: now)
    return OpenedVolume(volume, position: position, file: file, disk: disk, health: health)
  }

  private static func options(_ settings: WorkerSettings) -> PageStoreOptions {
    let upkeep = settings.tiers.upkeep
    var options = PageStoreOptions()
    options.pageSize = settings.pageSize
    options.policy = EvictionPolicyKind(rawValue: upkeep.policy.lowercased()) ?? .lru
    options.lfuLogBase = max(1, upkeep.lfuLogBase)
    options.verification = PageStoreOptions.Verification(rawValue: upkeep.verify) ?? .always
    options.promotionBandwidth = Int(clamping: upkeep.promoteBandwidth)
    if options.promotionBandwidth == 0 { options.promotionHits = 0 }
    options.demotionBandwidth = Int(clamping: upkeep.demoteBandwidth)
    options.scrubBandwidth = Int(clamping: upkeep.scrubBandwidth)
    for tier in settings.tiers.tiers {
      guard let marks = tier.watermarks else { continue }
      options.watermarks[tier.tier] = PageStoreOptions.Watermarks(high: marks.high, low: marks.low)
    }
    return options
  }

  private static func code(of error: PageStoreError) -> StartError.Code {
    switch error.code {
    case .volumeUnavailable, .volumeInUse: .directory
    default: .configuration
    }
  }
}
