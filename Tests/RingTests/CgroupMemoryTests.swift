import Ring
import TestSupport
import Testing

@Suite("CgroupMemory")
struct CgroupMemoryTests {
  private let v2 = "sys/fs/cgroup"
  private let v1 = "sys/fs/cgroup/memory"

  @Test("version 2: the tightest limit of the group and its ancestors counts")
  func version2() throws {
    let tree = try FixtureTree([
      "proc/self/cgroup": "0::/pod/penstock",
      "\(v2)/pod/memory.max": "1000000", "\(v2)/pod/memory.current": "250000",
      "\(v2)/pod/penstock/memory.max": "max",
    ])
    let limit = CgroupMemory.read(root: tree.root)
    #expect(limit?.limit == 1_000_000)
    #expect(limit?.usage == 250_000)
    #expect(limit?.path == "\(tree.root)/\(v2)/pod")
  }

  @Test("version 2 in a container: the group's own path is hidden, its root is the limit")
  func container() throws {
    let tree = try FixtureTree([
      "proc/self/cgroup": "0::/../../host/path", "\(v2)/memory.max": "4096000",
      "\(v2)/memory.current": "not a number",
    ])
    #expect(CgroupMemory.read(root: tree.root)?.limit == 4_096_000)
    #expect(CgroupMemory.read(root: tree.root)?.usage == 0)
  }

  @Test("version 1: the memory controller's limit, among others and with a colon in the path")
  func version1() throws {
    let tree = try FixtureTree([
      "proc/self/cgroup": "5:cpu,cpuacct:/x\n4:hugetlb,memory:/a:b/c\n0::/",
      "\(v1)/memory.limit_in_bytes": "9223372036854771712",
      "\(v1)/a:b/memory.limit_in_bytes": "8000", "\(v1)/a:b/memory.usage_in_bytes": "5",
      "\(v1)/a:b/c/memory.limit_in_bytes": "9000",
    ])
    let limit = CgroupMemory.read(root: tree.root)
    #expect(limit?.limit == 8000)
    #expect(limit?.usage == 5)
  }

  @Test("no limit, no cgroup and nonsense are all no limit")
  func none() throws {
    #expect(CgroupMemory.read(root: "/nonexistent") == nil)
    for text in ["max", "", "-1", "9223372036854771712", "1e9"] {
      let tree = try FixtureTree([
        "proc/self/cgroup": "0::/a\nrubbish\n::", "\(v2)/a/memory.max": text,
      ])
      #expect(CgroupMemory.read(root: tree.root) == nil, "memory.max \(text)")
    }
  }
}
