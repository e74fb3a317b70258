// What sysfs knows of the disk under a directory.
//
//   ROOT/dev/block/259:2            a link to …/nvme/nvme0/nvme0n1/nvme0n1p2      (a partition)
//   …/nvme0n1p2/partition           there for partitions: the disk is the parent directory
//   …/nvme0n1/queue/rotational      1 for a disk that turns
//   …/0000:3b:00.0/numa_node        in the nearest parent that has it; -1 when unknown
//   …/dm-0/slaves/nvme0n1           the disks below a mapped or striped one

import Glibc
import Ring

/// The disk under a device number, as sysfs tells of it; unknown parts stay nil.
package struct BlockDeviceFacts: Sendable, Equatable {
  /// Parents looked at for a NUMA node, and disks below disks.
  private static let depthMax = 16

  /// The kernel's name, such as `nvme0n1`; empty when the file system has no disk that sysfs knows.
  package private(set) var name = ""
  /// Whether it turns.
  package private(set) var isRotational: Bool?
  /// The NUMA node its controller is at.
  package private(set) var node: Int?

  /// The facts of the disk with number `device` (`st_dev`); blocks on a few small reads.
  package init(device: UInt64, sysfsRoot: String = "/sys") {
    let major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
    let minor = (device & 0xFF) | (device >> 12 & 0xFFFF_FF00)
    guard let path = realPath("\(sysfsRoot)/dev/block/\(major):\(minor)") else { return }
    let disk = unsafe access("\(path)/partition", F_OK) == 0 ? Self.parent(of: path) : path
    name = String(disk.split(separator: "/").last ?? "")
    isRotational = SystemText.read("\(disk)/queue/rotational").map { $0 == "1" }
    node = Self.node(of: disk, sysfsRoot: sysfsRoot, depth: 0)
  }

  private static func node(of disk: String, sysfsRoot: String, depth: Int) -> Int? {
    let root = realPath(sysfsRoot) ?? sysfsRoot
    var path = disk
    for _ in 0..<depthMax where path.utf8.count > root.utf8.count {
      if let node = SystemText.read("\(path)/numa_node").flatMap({ Int($0) }), node >= 0 {
        return node
      }
      path = parent(of: path)
    }
    guard depth < depthMax else { return nil }
    for name in directoryEntries("\(disk)/slaves") {
      guard let below = realPath("\(disk)/slaves/\(name)") else { continue }
      if let node = node(of: below, sysfsRoot: sysfsRoot, depth: depth + 1) { return node }
    }
    return nil
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
    return String(path[..<slash])
  }
}
