// Looks at the directories of a plan before any page goes there: what cannot work is refused by name with the remedy,
// what works badly is a warning.

import CLinux
import Glibc
import Model
import PageStore
package import Ring

/// The checks at start.
package struct TierCheck: Sendable {
  /// What came of them.
  package struct Outcome: Sendable, Equatable {
    /// The volumes in the order of the plan.
    package var volumes: [CheckedVolume] = []
    /// Those whose directories cannot be used, when the worker may go on without them.
    package var missing: [MissingVolume] = []
    /// Lines for the log.
    package var warnings: [String] = []
  }

  /// A volume and what was found under it.
  struct Found: Sendable {
    let volume: PlannedVolume
    let facts: DirectoryFacts
    let disk: BlockDeviceFacts
    /// The directories above it.
    let above: [DirectoryFacts.Identity]
  }

  /// Path of the file that holds a volume's pages, inside its directory.
  package static let pagesFile = "penstock/pages"
  /// Share of the root file system that stays free for the machine itself.
  private static let rootReserve = 0.05

  private let topology: Topology
  private let sysfsRoot: String
  private let rootPath: String

  /// Checks on a machine of `topology`; `rootPath` lies on the file system that the machine itself needs.
  package init(topology: Topology, sysfsRoot: String = "/sys", rootPath: String = "/") {
    self.topology = topology
    self.sysfsRoot = sysfsRoot
    self.rootPath = rootPath
  }

  /// Checks `volumes`, making directories that are missing; blocks.
  ///
  /// With `isLenient`, directories that cannot be used are left out.
  /// - Throws: `.directory` for one that cannot be used, `.configuration` for a quota or paths that cannot be.
  package func check(
    _ volumes: [PlannedVolume], isLenient: Bool = false
  ) throws(StartError) -> Outcome {
    try check(
      volumes.map { volume in
        do throws(StartError) { return (volume, .success(try look(at: volume))) } catch {
          return (volume, .failure(error))
        }
      }, isLenient: isLenient)
  }

  /// Looks at the directory of `volume`, making it when it is missing, and at its device; blocks.
  ///
  /// - Throws: `.directory` when it cannot be used.
  func look(at volume: PlannedVolume) throws(StartError) -> Found {
    let facts = try directory(of: volume)
    let disk = BlockDeviceFacts(device: facts.identity.device, sysfsRoot: sysfsRoot)
    return Found(volume: volume, facts: facts, disk: disk, above: facts.ancestors)
  }

  /// Checks volumes that were looked at, alone and together.
  ///
  /// - Throws: as `check` of a plan.
  func check(
    _ looks: [(volume: PlannedVolume, found: Result<Found, StartError>)], isLenient: Bool
  ) throws(StartError) -> Outcome {
    var found: [Found] = []
    var outcome = Outcome()
    for (volume, look) in looks {
      do throws(StartError) {
        found.append(try look.get())
      } catch {
        guard isLenient else { throw error }
        outcome.missing.append(MissingVolume(plan: volume, reason: error.description))
      }
    }
    try checkOverlap(found)
    try checkSpace(found)
    for one in found {
      outcome.volumes.append(
        CheckedVolume(
          plan: one.volume, directory: one.facts.path, node: try node(of: one), disk: one.disk.name)
      )
      outcome.warnings += mediumWarnings(one)
    }
    outcome.warnings += sharingWarnings(found) + rootWarnings(found)
    return outcome
  }

  /// Most bytes of a volume's block, header included: the largest page and its checksums.
  private static let blockSizeMax: Int64 = (16 << 20) + (128 << 10)

  // MARK: Directories

  private func directory(of volume: PlannedVolume) throws(StartError) -> DirectoryFacts {
    let (path, key) = (volume.path, volume.pathKey)
    var status = stat()
    if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
      throw StartError(
        .directory, "\(path) (\(key)) is not a directory: move it away or change the key")
    }
    try WorkDirectory.make(path, key: key)
    let probe = "\(path)/.penstock-write-check"
    let fd = unsafe open(probe, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard fd >= 0 else {
      throw StartError(
        .directory,
        "\(path) (\(key)) cannot be written: \(errnoText(errno)); correct its owner or mount, or change the key"
      )
    }
    close(fd)
    unsafe unlink(probe)
    guard let facts = DirectoryFacts(path, file: Self.pagesFile) else {
      throw StartError(
        .directory, "\(path) (\(key)) cannot be asked for its space: \(errnoText(errno))")
    }
    return facts
  }

  // MARK: Overlap

  /// Refuses two volumes in one place, and one inside another, through whatever links and mounts.
  private func checkOverlap(_ found: [Found]) throws(StartError) {
    for (index, one) in found.enumerated() {
      for other in found[..<index] where one.facts.identity == other.facts.identity {
        throw StartError(
          .configuration,
          "\(names(other, one)) are one directory (\(one.facts.path)): remove one of the two")
      }
    }
    for one in found {
      for other in found where one.above.contains(other.facts.identity) {
        throw StartError(
          .configuration,
          "\(one.volume.path) (\(one.volume.pathKey)) lies inside \(other.volume.path) (\(other.volume.pathKey)): give each volume a directory of its own, side by side"
        )
      }
    }
  }

  private func names(_ one: Found, _ other: Found) -> String {
    "\(one.volume.path) (\(one.volume.pathKey)) and \(other.volume.path) (\(other.volume.pathKey))"
  }

  // MARK: Space

  /// Refuses quotas that the file systems cannot hold, alone or together.
  private func checkSpace(_ found: [Found]) throws(StartError) {
    for one in found where one.volume.quota > one.facts.capacity {
      throw StartError(
        .configuration,
        "\(one.volume.quotaKey) gives \(one.volume.path) \(SizeText.print(one.volume.quota)), but its file system has \(SizeText.print(one.facts.capacity)): lower it (all units are powers of 1024, GB and GiB alike)"
      )
    }
    for group in byDevice(found) {
      let needed = group.reduce(0) { TierPlan.sum($0, Self.growth(of: $1)) }
      guard let first = group.first, needed > first.facts.free else { continue }
      let own = group.reduce(0) { TierPlan.sum($0, $1.facts.ownBytes) }
      let quota = group.reduce(0) { TierPlan.sum($0, $1.volume.quota) }
      let paths = group.map(\.volume.path).joined(separator: ", ")
      throw StartError(
        .configuration,
        "\(first.volume.quotaKey) gives \(paths) \(SizeText.print(quota)), but there are \(SizeText.print(first.facts.free)) free and \(SizeText.print(own)) of our own pages: lower it or free \(SizeText.print(needed - first.facts.free)) (df \(first.facts.path))"
      )
    }
  }

  /// Bytes that a volume's file is to grow by.
  ///
  /// A file is shorter than its quota by up to a block: one that is there in full has nothing to ask for.
  private static func growth(of one: Found) -> Int64 {
    let missing = one.volume.quota - one.facts.ownBytes
    return one.facts.ownBytes > 0 && missing < blockSizeMax ? 0 : max(0, missing)
  }

  /// The volumes by file system, in the order of the first of each.
  private func byDevice(_ found: [Found]) -> [[Found]] {
    var groups: [[Found]] = []
    for one in found {
      let device = one.facts.identity.device
      if let index = groups.firstIndex(where: { $0[0].facts.identity.device == device }) {
        groups[index].append(one)
      } else {
        groups.append([one])
      }
    }
    return groups
  }

  // MARK: Warnings

  private func mediumWarnings(_ one: Found) -> [String] {
    let (path, tier) = (one.volume.path, one.volume.tier.name)
    if one.facts.isMemory, let kind = one.facts.unsuitableKind {
      return [
        "\(path) is configured as \(tier) but lies on \(kind), which is memory that the daemon does not account for: use medium MEM, or a directory on a disk"
      ]
    }
    if let kind = one.facts.unsuitableKind {
      return [
        "\(path) is configured as \(tier) but lies on \(kind): use a directory on a local disk"
      ]
    }
    if one.volume.tier == .ssd, one.disk.isRotational == true {
      return [
        "\(path) is configured as SSD (\(one.volume.pathKey)) but its disk \(one.disk.name) says that it turns: use medium HDD, or ignore this if the disk is virtual"
      ]
    }
    return []
  }

  /// Warns of volumes on one file system or one disk: they share its speed and fail together.
  private func sharingWarnings(_ found: [Found]) -> [String] {
    var warnings: [String] = []
    for (index, one) in found.enumerated() {
      let other = found[..<index].first {
        $0.facts.identity.device == one.facts.identity.device
          || (!one.disk.name.isEmpty && $0.disk.name == one.disk.name)
      }
      guard let other else { continue }
      let disk = one.disk.name.isEmpty ? "one file system" : "one disk, \(one.disk.name)"
      warnings.append(
        "\(names(other, one)) lie on \(disk): they share its speed and fail together; one volume for each disk is better"
      )
    }
    return warnings
  }

  /// Warns when the pages leave the machine's own file system less than its reserve.
  private func rootWarnings(_ found: [Found]) -> [String] {
    guard let root = DirectoryFacts.identity(of: rootPath) else { return [] }
    return byDevice(found).compactMap { group in
      let facts = group[0].facts
      guard facts.identity.device == root.device else { return nil }
      let needed = group.reduce(0) { TierPlan.sum($0, max(0, $1.volume.quota - $1.facts.ownBytes)) }
      guard Double(facts.free - needed) < Double(facts.capacity) * Self.rootReserve else {
        return nil
      }
      let paths = group.map(\.volume.path).joined(separator: ", ")
      return
        "\(paths) on the root file system will leave \(SizeText.print(facts.free - needed)) of \(SizeText.print(facts.capacity)) free, less than 5 %: lower \(group[0].volume.quotaKey) or use another disk"
    }
  }

  // MARK: NUMA

  /// The node whose arena is nearest: as configured, else the device's, else the first.
  private func node(of one: Found) throws(StartError) -> Int {
    let known = topology.nodes.map(\.id)
    if let node = one.volume.node {
      guard known.contains(node) else {
        throw StartError(
          .configuration,
          "penstock.worker.page.store.numa.nodes puts \(one.volume.path) on node \(node), but the machine's nodes are: \(known.map { "\($0)" }.joined(separator: ", ")); correct it or use auto"
        )
      }
      return topology.memoryNode(near: node)
    }
    guard let node = one.disk.node, known.contains(node) else { return topology.arenaNodes[0] }
    return topology.memoryNode(near: node)
  }
}
