// The memory limit of the control group the process runs in: version 2, version 1, or both mounted side by side.
//
//   ROOT/proc/self/cgroup                     0::/pod/penstock      or    4:memory:/pod/penstock
//   ROOT/sys/fs/cgroup/PATH/memory.max        max | bytes           (v2)
//   ROOT/sys/fs/cgroup/memory/PATH/memory.limit_in_bytes            (v1; about 2^63 means none)
//
// A limit holds for everything below it, so the tightest of the path and its ancestors counts.

/// The tightest memory limit over this process, and how much of it is in use.
package struct CgroupMemory: Sendable, Equatable {
  /// Bytes the control group may use.
  package let limit: Int64
  /// Bytes it uses now; 0 when the kernel does not say.
  ///
  /// Page cache counts too.
  package let usage: Int64
  /// The directory that holds the limit.
  package let path: String

  /// Reads the limit from the tree at `root`; nil when there is none.
  ///
  /// Blocks on a few small reads.
  package static func read(root: String = "") -> CgroupMemory? {
    var tightest: CgroupMemory?
    let text = SystemText.read("\(root)/proc/self/cgroup") ?? ""
    for line in text.split(separator: "\n") {
      // hierarchy-ID:controllers:path; the path may hold colons.
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, let hierarchy = hierarchy(fields[0], fields[1]) else { continue }
      for directory in ancestors(of: String(fields[2])) {
        let path = "\(root)/sys/fs/cgroup\(hierarchy.mount)\(directory)"
        guard let limit = limit("\(path)/\(hierarchy.limit)") else { continue }
        guard limit < tightest?.limit ?? .max else { continue }
        let usage = SystemText.read("\(path)/\(hierarchy.usage)").flatMap { Int64($0) } ?? 0
        tightest = CgroupMemory(limit: limit, usage: max(0, usage), path: path)
      }
    }
    return tightest
  }

  private struct Hierarchy {
    let mount: String
    let limit: String
    let usage: String
  }

  private static func hierarchy(_ id: Substring, _ controllers: Substring) -> Hierarchy? {
    if id == "0", controllers.isEmpty {
      return Hierarchy(mount: "", limit: "memory.max", usage: "memory.current")
    }
    guard controllers.split(separator: ",").contains("memory") else { return nil }
    return Hierarchy(
      mount: "/memory", limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes")
  }

  /// `/a/b` gives `/a/b`, `/a` and the empty path: in a container the process's own path is often not there, its root is.
  private static func ancestors(of path: String) -> [String] {
    var parts = path.split(separator: "/").filter { $0 != ".." }
    var paths = [""]
    while !parts.isEmpty {
      paths.append("/" + parts.joined(separator: "/"))
      parts.removeLast()
    }
    return paths
  }

  private static func limit(_ file: String) -> Int64? {
    guard let text = SystemText.read(file), let bytes = Int64(text) else { return nil }
    // Version 1 writes "no limit" as the largest multiple of the page size.
    return bytes >= 0 && bytes < Int64.max - (64 << 10) ? bytes : nil
  }
}
