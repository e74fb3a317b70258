// What a seed decides before anything runs. Swarm style: whole kinds of tasks and faults are on or off.

import PageStore

/// The sizes, rates and numbers of one simulation.
struct SimPlan: Sendable {
  /// Virtual nanoseconds in which every task of a life must end.
  static let lifeLimit: UInt64 = 36_000_000_000_000

  /// One disk of the store.
  struct Disk: Sendable {
    let tier: Tier
    /// Full pages it holds.
    let blocks: Int
    let faults: SimDeviceFaults
    let logDelay: ClosedRange<Int>
  }

  /// Whether tasks run in random order, or first come first served.
  let isShuffled: Bool
  /// Bytes of a full page.
  let pageSize: Int
  /// Full pages that memory holds.
  let memoryPages: Int
  /// NUMA nodes that memory is split over.
  let nodes: Int
  let disks: [Disk]
  /// Whether devices do what they are told, but for delays and losses of power.
  let isCalm: Bool
  /// Whether bytes are never changed by a device, whatever else it does: then no page may be found wrong.
  let isHonest: Bool
  let options: PageStoreOptions
  let health: VolumeHealthOptions
  let savers: Int
  let fileCount: Int
  let fileLengthMax: Int
  let readers: Int
  let loaders: Int
  let droppers: Int
  let tuners: Int
  /// Operations of each task.
  let operations: Int
  /// Longest time between two operations of a task in nanoseconds.
  let pauseMax: Int
  /// Changes of the devices' states in a life.
  let weatherChanges: Int
  let lives: Int
  /// Lives that end by loss of power, per million.
  let crashRate: Int
  /// Lives in which disks are entered while the load runs, and that a disk opens with another size; per million.
  let lateRate: Int
  let resizeRate: Int
  /// Logs that are damaged between lives, per million.
  let logDamageRate: Int
  let ufsErrorRate: Int
  /// Fills that are given up, per million.
  let abandonRate: Int
  /// Jobs between two audits of the whole store.
  let auditInterval: Int

  init(_ random: inout SimRandom, canary: SimCanary?) {
    isShuffled = random.below(5) > 0
    pageSize = (64 << 10) << random.below(3)
    memoryPages = 2 + random.below(12)
    nodes = 1 + random.below(2)
    let mood =
      canary?.needsDisk == true ? Mood.calm : random.pick([.calm, .honest, .honest, .wild])
    isCalm = mood == .calm
    disks = SimPlan.disks(&random, mood, atLeast: canary?.needsDisk == true ? 1 : 0)
    isHonest = disks.allSatisfy { !$0.faults.changesBytesLater && $0.faults.lostWriteRate == 0 }
    options = SimPlan.options(&random, pageSize: pageSize, disks: disks, canary)
    health = SimPlan.health(&random)
    savers = 1 + random.below(4)
    fileCount = 1 + random.below(16)
    fileLengthMax = pageSize * (1 + random.below(6))
    readers = 1 + random.below(8)
    loaders = random.below(3)
    droppers = random.below(3)
    tuners = random.below(2)
    operations = 20 + random.below(60)
    pauseMax = random.pick([40_000, 400_000, 400_000, 2_000_000_000])
    weatherChanges = isCalm ? 0 : random.pick([0, 2, 10])
    lives = (canary?.needsDisk == true ? 2 : 1) + random.below(4)
    crashRate = canary == .lostRecord ? 0 : random.pick([0, 500_000, 1_000_000])
    lateRate = random.pick([0, 300_000])
    resizeRate = canary == nil ? random.pick([0, 0, 300_000]) : 0
    logDamageRate = isCalm ? 0 : random.pick([0, 0, 300_000])
    ufsErrorRate = random.pick([0, 0, 20_000, 200_000])
    abandonRate = random.pick([0, 0, 20_000, 200_000])
    auditInterval = 16 + random.below(64)
  }

  /// What the devices of a simulation are like.
  private enum Mood {
    /// They do what they are told.
    case calm
    /// They may fail, but never change a byte.
    case honest
    /// Anything.
    case wild
  }

  private static func disks(_ random: inout SimRandom, _ mood: Mood, atLeast: Int) -> [Disk] {
    let tiers =
      Array(repeating: Tier.ssd, count: max(atLeast, random.below(3)))
      + Array(repeating: Tier.hdd, count: random.below(2))
    return tiers.map { tier in
      var faults = SimDeviceFaults(swarm: &random)
      if mood == .calm { faults.becomeCalm() }
      if mood == .honest { faults.becomeHonest() }
      return Disk(
        tier: tier, blocks: random.below(8) == 0 ? 1 : 4 + random.below(28), faults: faults,
        logDelay: random.pick([1_000...10_000, 10_000...3_000_000, 1_000_000...400_000_000]))
    }
  }

  private static func options(
    _ random: inout SimRandom, pageSize: Int, disks: [Disk], _ canary: SimCanary?
  ) -> PageStoreOptions {
    var options = PageStoreOptions()
    options.pageSize = pageSize
    options.policy = random.pick(EvictionPolicyKind.allCases)
    // A page is looked at once on such a store: what turns bad later is served, as configured.
    let mayTrust = disks.allSatisfy { !$0.faults.changesBytesLater }
    options.verification = mayTrust && random.below(2) == 0 ? .firstTouch : .always
    if canary?.isBlind == true { options.verification = .off }
    for tier in [Tier.mem, .ssd, .hdd] where random.below(2) == 0 {
      let high = 0.5 + Double(random.below(50)) / 100
      options.watermarks[tier] = PageStoreOptions.Watermarks(high: high, low: high * 0.8)
    }
    options.promotionHits = random.below(4)
    options.promotionBandwidth = random.pick([1 << 20, 64 << 20, 4 << 30])
    options.scrubBandwidth = random.pick([0, 0, 1 << 20, 256 << 20])
    return options
  }

  /// Limits as they ship, or such short ones that a disk is out and back several times in a life.
  private static func health(_ random: inout SimRandom) -> VolumeHealthOptions {
    var options = VolumeHealthOptions()
    options.answerLimit = random.pick([100_000_000, 10_000_000_000])
    guard random.below(2) == 0 else { return options }
    options.window = 100_000_000
    options.probeInterval = 5_000_000
    options.probeIntervalMax = 50_000_000
    options.probation = 50_000_000
    options.probationMax = 500_000_000
    return options
  }
}
