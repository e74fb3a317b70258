// The page store and its volumes, made from a plan.
//
//   plan ──VolumeOpener──▶ files, or those that are late or refused ──makeVolume, absent──▶ disks ──▶ PageStore
//
// What is on the disks is entered later, by TierKeeper, while the worker serves; it also opens what could not be opened now.

import CLinux
import Glibc
import Model
import PageStore
import Ring

/// The store of a worker and its volumes.
struct OpenedTiers {
  /// The store; its disks have no pages yet.
  let store: PageStore
  /// The volumes on disk in the order of the store.
  let volumes: [OpenedVolume]
  /// What opens a volume that is not there now, or comes back.
  let opener: VolumeOpener
  /// What the operator should know, for the log at `info`.
  private(set) var notes: [String] = []
  /// What the operator should change, for the log at `warning`.
  private(set) var warnings: [String] = []

  /// Opens what `settings` plan; blocks.
  ///
  /// A volume that cannot be opened is part of the store, FAULTED and without a page.
  /// - Throws: `.configuration` for memory, quotas or paths that do not fit.
  init(_ settings: WorkerSettings, _ topology: Topology) throws(StartError) {
    let plan = settings.tiers
    let arenas = try Self.arenas(settings, topology)
    opener = VolumeOpener(
      settings: settings, topology: topology,
      known: KnownVolumes(directory: settings.workDirectory))
    let (openings, checked) = try opener.open()
    notes = plan.notes
    warnings = plan.warnings + checked.warnings
    for case .opened(let file) in openings.map(\.outcome) {
      notes += file.notices.filter { !$0.isWarning }.map(\.description)
      warnings += file.notices.filter(\.isWarning).map(\.description)
    }
    do throws(PageStoreError) {
      for case .failed(let error) in openings.map(\.outcome) where Self.endsStart(error) {
        throw error
      }
      let slotCount = PageStore.slotCount(
        bytes: arenas.stride * arenas.arenas.count
          + openings.reduce(0) { $0 + Int(clamping: $1.checked.plan.quota) })
      var volumes: [OpenedVolume] = []
      for (position, opening) in openings.enumerated() {
        volumes.append(try Self.open(opening, position, slotCount, settings))
      }
      self.volumes = volumes
      store = try PageStore(
        arenas: arenas, disks: volumes.map(\.disk), options: Self.options(settings))
    } catch {
      Self.close(openings)
      throw StartError(.configuration, "the page store cannot be made: \(error.sentence)")
    }
  }

  /// Whether a volume fails for what is configured: no disk and nobody's hand on it would help.
  private static func endsStart(_ error: PageStoreError) -> Bool {
    switch error.code {
    case .capacityTooSmall, .capacityTooLarge, .pageSizeInvalid, .memoryUnavailable: true
    case .volumeLogDamaged, .volumeUnavailable, .volumeMismatch, .volumeInUse: false
    }
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
      throw StartError(.configuration, "\(text): \(error.sentence)")
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
    let health = VolumeHealth(options: limits, now: monotonicNow())
    let trailerMemory = Int(clamping: settings.checksumCacheSize)
    let (tier, number) = (volume.plan.tier, UInt8(clamping: position))
    let disk: DiskVolume
    if case .opened(let file) = opening.outcome {
      disk = try file.makeVolume(
        slotCount: slotCount, tier: tier, node: volume.node, number: number,
        name: volume.plan.path, trailerMemory: trailerMemory, health: health, now: monotonicNow)
    } else {
      disk = try DiskVolume.absent(
        VolumeOpener.options(volume, settings), slotCount: slotCount, tier: tier,
        node: volume.node, number: number, name: volume.plan.path, trailerMemory: trailerMemory,
        health: health, now: monotonicNow)
    }
    // Before anybody asks: /readyz speaks of the volume from the first answer on.
    switch opening.outcome {
    case .opened: break
    case .late: health.unanswered(for: limits.answerLimit, now: monotonicNow())
    case .failed(let error): health.unavailable(error.sentence, now: monotonicNow())
    }
    return OpenedVolume(opening, position: position, disk: disk, health: health)
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
}
