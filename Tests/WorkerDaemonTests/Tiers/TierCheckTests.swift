import DaemonDriver
import Foundation
import Model
import PageStore
import Ring
import Testing
import WorkerDaemon

@Suite("TierCheck")
struct TierCheckTests {
  /// Directories for volumes, a sysfs of our own, and the machine they belong to.
  private final class Machine {
    let scratch: ScratchDirectory
    let sysfs: String
    let device: UInt64

    init(nodes: [Int] = [0]) throws {
      scratch = try ScratchDirectory("tiers")
      sysfs = scratch.path("sys")
      try makeDirectories(sysfs)
      device = try Self.device(of: scratch.path)
      for node in nodes {
        let directory = "\(sysfs)/devices/system/node/node\(node)"
        try makeDirectories(directory)
        try writeBytes(Array("0-1\n".utf8), to: "\(directory)/cpulist")
        try writeBytes(Array("Node \(node) MemTotal: 1000 kB\n".utf8), to: "\(directory)/meminfo")
      }
      let list = nodes.map { "\($0)" }.joined(separator: ",")
      try writeBytes(Array(list.utf8), to: "\(sysfs)/devices/system/node/online")
    }

    static func device(of path: String) throws -> UInt64 {
      var status = stat()
      try #require(stat(path, &status) == 0)
      return UInt64(status.st_dev)
    }

    var check: TierCheck {
      TierCheck(
        topology: Topology(sysfsRoot: sysfs, allowedCPUs: [0, 1]), sysfsRoot: sysfs,
        rootPath: "/proc")
    }

    /// Puts the scratch directory's file system on a disk, or on a partition of it.
    func addDisk(_ name: String, rotational: Bool, node: Int?, partition: Bool = true) throws {
      let controller = "\(sysfs)/devices/pci0000:00/0000:00:04.0"
      let disk = "\(controller)/host0/\(name)"
      let leaf = partition ? "\(disk)/\(name)1" : disk
      try makeDirectories("\(disk)/queue")
      try makeDirectories(leaf)
      try writeBytes(Array((rotational ? "1\n" : "0\n").utf8), to: "\(disk)/queue/rotational")
      if partition { try writeBytes(Array("1\n".utf8), to: "\(leaf)/partition") }
      if let node { try writeBytes(Array("\(node)\n".utf8), to: "\(controller)/numa_node") }
      try makeDirectories("\(sysfs)/dev/block")
      let major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
      let minor = (device & 0xFF) | (device >> 12 & 0xFFFF_FF00)
      try #require(symlink(leaf, "\(sysfs)/dev/block/\(major):\(minor)") == 0)
    }

    func volume(
      _ name: String, tier: Tier = .hdd, quota: Int64 = 1 << 20, node: Int? = nil
    ) -> PlannedVolume {
      PlannedVolume(
        tier: tier, path: name.hasPrefix("/") ? name : scratch.path(name), quota: quota, node: node,
        pathKey: "the.path.key", quotaKey: "the.quota.key")
    }

    func refusal(_ volumes: [PlannedVolume], _ code: StartError.Code) -> String {
      do throws(StartError) {
        _ = try check.check(volumes)
        return "accepted"
      } catch {
        #expect(error.code == code, "\(error)")
        return error.description
      }
    }
  }

  // MARK: Directories

  @Test("a missing directory is made, with its parents, and nothing is left in it")
  func missing() throws {
    let machine = try Machine()
    let outcome = try machine.check.check([machine.volume("a/b/c")])
    #expect(outcome.volumes.map(\.directory) == [machine.scratch.path("a/b/c")])
    #expect(outcome.warnings == [])
    #expect(names(in: machine.scratch.path("a/b/c")) == [])
  }

  @Test("what is no directory, or lies under a file, is refused by name")
  func notADirectory() throws {
    let machine = try Machine()
    try writeBytes([1], to: machine.scratch.path("file"))
    let file = machine.refusal([machine.volume("file")], .directory)
    #expect(file.contains("file (the.path.key) is not a directory"))
    let below = machine.refusal([machine.volume("file/x")], .directory)
    #expect(below.contains("the.path.key") && below.contains("file/x"))
  }

  @Test("a directory that cannot be written is refused by name")
  func unwritable() throws {
    let machine = try Machine()
    let refusal = machine.refusal([machine.volume("/proc")], .directory)
    #expect(refusal.hasPrefix("/proc (the.path.key) cannot be written"))
  }

  @Test("a worker that may go on without a volume leaves out what cannot be used, with its reason")
  func lenient() throws {
    let machine = try Machine()
    let outcome = try machine.check.check(
      [machine.volume("/proc"), machine.volume("a")], isLenient: true)
    #expect(outcome.volumes.map(\.plan.path) == [machine.scratch.path("a")])
    #expect(outcome.missing.map(\.plan.path) == ["/proc"])
    #expect(outcome.missing.first?.reason.contains("cannot be written") == true)
  }

  @Test("one directory twice is refused, also through a link")
  func duplicates() throws {
    let machine = try Machine()
    let same = machine.refusal([machine.volume("a"), machine.volume("a")], .configuration)
    #expect(same.contains("are one directory"))
    try #require(symlink(machine.scratch.path("a"), machine.scratch.path("link")) == 0)
    let linked = machine.refusal([machine.volume("a"), machine.volume("link")], .configuration)
    #expect(linked.contains("/link (the.path.key) are one directory"))
  }

  @Test("a volume inside another is refused in both orders, also through a link")
  func nested() throws {
    let machine = try Machine()
    let (outer, inner) = (machine.volume("a"), machine.volume("a/b/c"))
    for volumes in [[outer, inner], [inner, outer]] {
      #expect(machine.refusal(volumes, .configuration).contains("a/b/c (the.path.key) lies inside"))
    }
    try #require(symlink(machine.scratch.path("a/b"), machine.scratch.path("link")) == 0)
    let linked = machine.volume("link/d")
    #expect(machine.refusal([outer, linked], .configuration).contains("lies inside"))
    let sibling = try machine.check.check([machine.volume("x"), machine.volume("xy")])
    #expect(sibling.volumes.count == 2, "a common prefix is no nesting")
  }

  // MARK: Space

  @Test("a quota beyond the file system is refused with both numbers")
  func beyondDevice() throws {
    let machine = try Machine()
    let text = machine.refusal([machine.volume("a", quota: 1 << 60)], .configuration)
    #expect(text.contains("the.quota.key") && text.contains("1024.00PB"))
    #expect(text.contains("powers of 1024"))
  }

  @Test("a quota beyond the free space is refused, and our own pages count as free")
  func beyondFree() throws {
    let machine = try Machine()
    var space = statvfs()
    try #require(statvfs(machine.scratch.path, &space) == 0)
    let capacity = Int64(space.f_blocks) * Int64(space.f_frsize)
    let free = Int64(space.f_bavail) * Int64(space.f_frsize)
    try #require(free < capacity - (64 << 20), "some of the file system is in use")
    let full = machine.volume("a", quota: capacity - (1 << 20))
    let text = machine.refusal([full], .configuration)
    #expect(text.contains("free and") && text.contains("of our own pages"))
    let half = [
      machine.volume("a", quota: capacity / 3 * 2), machine.volume("b", quota: capacity / 3 * 2),
    ]
    #expect(machine.refusal(half, .configuration).contains("a, "), "two quotas count together")
  }

  @Test("a directory's own pages file counts as room for its quota")
  func ownPages() throws {
    let machine = try Machine()
    try makeDirectories(machine.scratch.path("a/penstock"))
    let size = 32 << 20
    try writeBytes(
      [UInt8](repeating: 7, count: size), to: machine.scratch.path("a/\(TierCheck.pagesFile)"))
    var space = statvfs()
    try #require(statvfs(machine.scratch.path, &space) == 0)
    let free = Int64(space.f_bavail) * Int64(space.f_frsize)
    // Half of the file above what is free: others may write meanwhile, but not that much.
    let quota = free + Int64(size / 2)
    #expect(try machine.check.check([machine.volume("a", quota: quota)]).volumes.count == 1)
    #expect(
      machine.refusal([machine.volume("b", quota: quota)], .configuration).contains("free and"))
  }

  @Test("pages that leave the root file system almost full are a warning")
  func rootReserve() throws {
    let machine = try Machine()
    var space = statvfs()
    try #require(statvfs(machine.scratch.path, &space) == 0)
    let free = Int64(space.f_bavail) * Int64(space.f_frsize)
    let check = TierCheck(
      topology: Topology(sysfsRoot: machine.sysfs, allowedCPUs: [0]), sysfsRoot: machine.sysfs,
      rootPath: machine.scratch.path)
    let large = try check.check([machine.volume("a", quota: free - (64 << 20))])
    #expect(large.warnings.count == 1 && large.warnings[0].contains("less than 5 %"))
    let elsewhere = try machine.check.check([machine.volume("a", quota: free - (64 << 20))])
    #expect(elsewhere.warnings == [])
  }

  // MARK: Mediums and devices

  @Test(
    "a disk tier on tmpfs is a warning that says what to use",
    .enabled(if: FileManager.default.isWritableFile(atPath: "/dev/shm")))
  func tmpfs() throws {
    let machine = try Machine()
    let memory = try ScratchDirectory("tiers", in: "/dev/shm")
    let outcome = try machine.check.check([machine.volume(memory.path("v"), tier: .ssd)])
    #expect(outcome.warnings.count == 1)
    #expect(outcome.warnings[0].contains("configured as SSD but lies on tmpfs"))
  }

  @Test("a disk that turns under SSD is a warning; under HDD, or unknown, it is none")
  func rotational() throws {
    let machine = try Machine()
    #expect(try machine.check.check([machine.volume("a", tier: .ssd)]).warnings == [])
    try machine.addDisk("sda", rotational: true, node: nil)
    let outcome = try machine.check.check([machine.volume("a", tier: .ssd)])
    #expect(outcome.warnings.count == 1 && outcome.warnings[0].contains("its disk sda says"))
    #expect(outcome.volumes[0].disk == "sda")
    #expect(try machine.check.check([machine.volume("a")]).warnings == [])
  }

  @Test("two volumes on one disk are a warning that names both")
  func sharedDisk() throws {
    let machine = try Machine()
    try machine.addDisk("nvme0n1", rotational: false, node: nil)
    let outcome = try machine.check.check([machine.volume("a"), machine.volume("b")])
    #expect(outcome.warnings.count == 1)
    #expect(outcome.warnings[0].contains("/a (the.path.key) and "))
    #expect(outcome.warnings[0].contains("one disk, nvme0n1"))
  }

  // MARK: NUMA

  @Test("a volume is at the node of its disk's controller, or of the configuration")
  func node() throws {
    let machine = try Machine(nodes: [0, 1])
    #expect(try machine.check.check([machine.volume("a")]).volumes[0].node == 0, "unknown")
    try machine.addDisk("nvme0n1", rotational: false, node: 1)
    #expect(try machine.check.check([machine.volume("a")]).volumes[0].node == 1)
    #expect(try machine.check.check([machine.volume("a", node: 0)]).volumes[0].node == 0)
    let wrong = machine.refusal([machine.volume("a", node: 7)], .configuration)
    #expect(wrong.contains("node 7") && wrong.contains("0, 1"))
  }

  @Test(
    "a controller that does not know its node, or names one that is not there, counts as the first")
  func unknownNode() throws {
    for node in [-1, 9] {
      let machine = try Machine(nodes: [0, 1])
      try machine.addDisk("sda", rotational: false, node: node, partition: false)
      #expect(try machine.check.check([machine.volume("a")]).volumes[0].node == 0)
    }
  }

  @Test("a mapped disk is at the node of the disks below it")
  func mapped() throws {
    let machine = try Machine(nodes: [0, 1])
    let sysfs = machine.sysfs
    try makeDirectories("\(sysfs)/devices/virtual/block/dm-0/slaves")
    try makeDirectories("\(sysfs)/devices/pci/nvme1n1")
    try writeBytes(Array("1\n".utf8), to: "\(sysfs)/devices/pci/numa_node")
    try #require(
      symlink(
        "\(sysfs)/devices/pci/nvme1n1", "\(sysfs)/devices/virtual/block/dm-0/slaves/nvme1n1") == 0)
    try makeDirectories("\(sysfs)/dev/block")
    try #require(symlink("\(sysfs)/devices/virtual/block/dm-0", "\(sysfs)/dev/block/253:0") == 0)
    let facts = BlockDeviceFacts(device: 253 << 8, sysfsRoot: sysfs)
    #expect(facts.name == "dm-0" && facts.node == 1 && facts.isRotational == nil)
  }
}
