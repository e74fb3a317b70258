import Model
import PageStore
import Testing
import WorkerDaemon

@Suite("TierPlan")
struct TierPlanTests {
  private static let memory: Int64 = 64 << 30
  private static let store = "alluxio.worker.page.store."
  private static let level = "alluxio.worker.tieredstore.level"

  private func plan(_ definitions: [String], memory: Int64 = memory) throws -> TierPlan {
    var input = ConfigurationInput()
    input.definitions = definitions
    return try TierPlan(Configuration(input), memory: memory, pageSize: 1 << 20)
  }

  private func refusal(_ definitions: [String]) -> String {
    do {
      _ = try plan(definitions)
      return ""
    } catch let error as StartError {
      #expect(error.code == .configuration)
      return error.description
    } catch {
      return "configuration: \(error)"
    }
  }

  // MARK: Memory alone

  @Test("without any key, pages live in memory alone and the default directory is not used")
  func nothingSet() throws {
    let plan = try plan([])
    #expect(plan.tiers.count == 1 && plan.disks.isEmpty)
    #expect(plan.tiers[0].tier == .mem && plan.memory == 1 << 30)
    #expect(plan.memoryKey == "alluxio.worker.ramdisk.size" && !plan.isLanding)
    #expect(plan.notes.isEmpty && plan.warnings.isEmpty)
    #expect(try self.plan([], memory: 1 << 30).memory == 1 << 28)
  }

  @Test("type MEM takes the sum of the sizes, and its directories are only a name")
  func memoryStore() throws {
    let plan = try plan([
      "\(Self.store)type=MEM", "\(Self.store)sizes=1Gi,512MB", "\(Self.store)dirs=/a,/b",
    ])
    #expect(plan.disks.isEmpty && plan.memory == 3 << 29)
    #expect(plan.memoryKey == "\(Self.store)sizes")
    #expect(plan.notes.count == 1 && plan.notes[0].contains("only a name"))
    #expect(plan.warnings.isEmpty)
  }

  // MARK: Page store

  @Test("directories without a size each, and media that nobody knows, are refused by name")
  func unpaired() {
    let dirs = "\(Self.store)dirs=/a,/b"
    for keys in [[dirs], [dirs, "\(Self.store)sizes=1GB,1GB,1GB"]] {
      let text = refusal(keys)
      #expect(text.contains("page.store.dirs") && text.contains("page.store.sizes"))
      #expect(text.contains("paired lists"))
    }
    for medium in ["NVME", "RAM", "SDD"] {
      let text = refusal([
        dirs, "\(Self.store)sizes=1GB,1GB", "penstock.worker.page.store.mediums=\(medium)",
      ])
      #expect(text.contains("'\(medium)': it must be MEM, SSD or HDD"))
    }
  }

  @Test("directories of the page store are SSD volumes behind a landing zone")
  func pageStore() throws {
    let plan = try plan(["\(Self.store)dirs=/ssd0/,//ssd1", "\(Self.store)sizes=10GB,20GiB"])
    #expect(plan.tiers.map(\.tier) == [.mem, .ssd])
    #expect(plan.disks.map(\.path) == ["/ssd0", "/ssd1"])
    #expect(plan.disks.map(\.quota) == [10 << 30, 20 << 30])
    #expect(plan.disks.allSatisfy { $0.node == nil && $0.quotaKey == "\(Self.store)sizes" })
    #expect(plan.isLanding && plan.memory == 256 << 20)
    #expect(plan.memoryKey == "penstock.worker.page.store.landing.size")
    #expect(plan.tiers[1].watermarks == nil)
    #expect(plan.notes.count == 1 && plan.notes[0].contains("256.00MB"))
  }

  @Test("a size alone uses the default directory, a directory alone the default size")
  func halfSet() throws {
    let size = try plan(["\(Self.store)sizes=2GB"])
    #expect(size.disks.map(\.path) == ["/tmp/alluxio_cache"] && size.disks[0].quota == 2 << 30)
    let directory = try plan(["\(Self.store)dirs=/cache"])
    #expect(directory.disks.map(\.path) == ["/cache"] && directory.disks[0].quota == 512 << 20)
  }

  @Test("a ramdisk size in front of directories is a memory tier, not a landing zone")
  func memoryBeforeDirectories() throws {
    let plan = try plan(["\(Self.store)dirs=/cache", "alluxio.worker.ramdisk.size=4GB"])
    #expect(plan.memory == 4 << 30 && !plan.isLanding)
    #expect(plan.memoryKey == "alluxio.worker.ramdisk.size")
  }

  @Test("the landing zone is at most a quarter of the memory and at least 16 pages")
  func landingSize() throws {
    let key = "penstock.worker.page.store.landing.size"
    let dirs = "\(Self.store)dirs=/cache"
    #expect(try plan([dirs, "\(key)=1GB"]).memory == 1 << 30)
    #expect(try plan([dirs, "\(key)=1GB"], memory: 1 << 30).memory == 256 << 20)
    #expect(try plan([dirs, "\(key)=1"]).memory == 16 << 20)
  }

  @Test("mediums sort the directories into tiers, one for all or one for each")
  func mediums() throws {
    let dirs = ["\(Self.store)dirs=/h,/s,/m", "\(Self.store)sizes=30GB,20GB,10GB"]
    let mixed = try plan(dirs + ["penstock.worker.page.store.mediums=hdd,SSD,MEM"])
    #expect(mixed.tiers.map(\.tier) == [.mem, .ssd, .hdd])
    #expect(mixed.memory == 10 << 30 && !mixed.isLanding)
    #expect(mixed.disks.map(\.path) == ["/s", "/h"])
    let one = try plan(dirs + ["penstock.worker.page.store.mediums=HDD"])
    #expect(one.disks.map(\.tier) == [.hdd, .hdd, .hdd])
    #expect(refusal(dirs + ["penstock.worker.page.store.mediums=SSD,HDD"]).contains("2 entries"))
    #expect(refusal(dirs + ["penstock.worker.page.store.mediums=TAPE"]).contains("'TAPE'"))
  }

  @Test("the overhead counts only when somebody set it")
  func overhead() throws {
    let keys = ["\(Self.store)dirs=/a", "\(Self.store)sizes=11GB"]
    #expect(try plan(keys).disks[0].quota == 11 << 30)
    #expect(try plan(keys + ["\(Self.store)overhead=0.1"]).disks[0].quota == 10 << 30)
  }

  @Test("background eviction of the page store has watermarks when it is turned on")
  func pageStoreWatermarks() throws {
    let eviction = "\(Self.store)async.eviction."
    let keys = ["\(Self.store)dirs=/a", "\(eviction)enabled=true"]
    let plan = try plan(keys)
    #expect(plan.tiers[1].watermarks == .init(high: 0.9, low: 0.8))
    #expect(plan.tiers[0].watermarks == nil, "a landing zone makes room when a page comes")
    #expect(refusal(keys + ["\(eviction)low.watermark=0.95"]).contains("low.watermark=0.95"))
    #expect(refusal(keys + ["\(eviction)low.watermark=0"]).contains("above 0"))
  }

  @Test("a disk tier above another hands pages down whichever keys named it")
  func watermarksAboveAnotherTier() throws {
    let keys = [
      "\(Self.store)dirs=/s,/h", "\(Self.store)sizes=10GB,20GB",
      "penstock.worker.page.store.mediums=SSD,HDD",
    ]
    #expect(try plan(keys).tiers.map(\.watermarks) == [nil, .init(high: 0.95, low: 0.9), nil])
    let eviction = "\(Self.store)async.eviction.enabled=true"
    #expect(try plan(keys + [eviction]).tiers[1].watermarks == .init(high: 0.9, low: 0.8))
  }

  // MARK: Tiered store

  @Test("three levels of 2.x become three tiers with their quotas and watermarks")
  func threeLevels() throws {
    let plan = try plan([
      "alluxio.worker.tieredstore.levels=3",
      "\(Self.level)0.dirs.path=/mnt/ramdisk", "\(Self.level)0.dirs.quota=8GB",
      "\(Self.level)1.dirs.path=/ssd0,/ssd1", "\(Self.level)1.dirs.quota=100GB,200GB",
      "\(Self.level)1.watermark.high.ratio=0.8", "\(Self.level)1.watermark.low.ratio=0.5",
      "\(Self.level)2.dirs.path=/hdd", "\(Self.level)2.dirs.quota=1TB",
    ])
    #expect(plan.tiers.map(\.tier) == [.mem, .ssd, .hdd])
    #expect(plan.tiers.map(\.quota) == [8 << 30, 300 << 30, 1 << 40])
    #expect(
      plan.tiers.map(\.watermarks) == [
        .init(high: 0.95, low: 0.7), .init(high: 0.8, low: 0.5), .init(high: 0.95, low: 0.7),
      ])
    #expect(plan.memoryKey == "\(Self.level)0.dirs.quota" && !plan.isLanding)
    #expect(plan.disks.map(\.pathKey) == ["1", "1", "2"].map { "\(Self.level)\($0).dirs.path" })
    #expect(plan.notes.count == 1 && plan.notes[0].hasPrefix("/mnt/ramdisk: only the name"))
    #expect(plan.warnings.isEmpty)
  }

  @Test("one level may mix mediums")
  func mixedLevel() throws {
    let plan = try plan([
      "\(Self.level)0.dirs.path=/mnt/ramdisk,/ssd", "\(Self.level)0.dirs.mediumtype=MEM,SSD",
      "\(Self.level)0.dirs.quota=2GB,50GB",
    ])
    #expect(
      plan.tiers.map(\.tier) == [.mem, .ssd] && plan.tiers.map(\.quota) == [2 << 30, 50 << 30])
    #expect(plan.warnings.isEmpty)
  }

  @Test("a level without a medium type has the one its alias names, whatever its number")
  func alias() throws {
    let plan = try plan([
      "\(Self.level)0.alias=SSD", "\(Self.level)0.dirs.path=/ssd", "\(Self.level)0.dirs.quota=1GB",
    ])
    #expect(plan.disks.map(\.tier) == [.ssd] && plan.isLanding)
  }

  @Test("a fourth level is a tier like the others")
  func fourLevels() throws {
    let plan = try plan([
      "alluxio.worker.tieredstore.levels=4", "\(Self.level)0.dirs.quota=1GB",
      "\(Self.level)1.dirs.path=/s", "\(Self.level)1.dirs.quota=1GB",
      "\(Self.level)2.dirs.path=/h", "\(Self.level)2.dirs.quota=1GB",
      "\(Self.level)3.dirs.path=/t", "\(Self.level)3.dirs.quota=1GB",
      "\(Self.level)3.dirs.mediumtype=SSD", "\(Self.level)3.watermark.high.ratio=0.9",
    ])
    #expect(plan.tiers.map { $0.volumes.count } == [1, 2, 1])
    #expect(plan.tiers[1].watermarks == .init(high: 0.95, low: 0.7))
    #expect(plan.warnings.count == 2, "the order, and two levels in one tier: \(plan.warnings)")
  }

  @Test("memory of the first level has the quota of part 1 when none is set")
  func defaultMemoryQuota() throws {
    let plan = try plan([
      "alluxio.worker.tieredstore.levels=2", "\(Self.level)1.dirs.path=/s",
      "\(Self.level)1.dirs.quota=1GB",
    ])
    #expect(plan.memory == 1 << 30 && plan.memoryKey == "alluxio.worker.ramdisk.size")
    #expect(!plan.isLanding)
  }

  @Test("the tiered store wins over the page store, with a warning")
  func bothSet() throws {
    let plan = try plan([
      "\(Self.store)dirs=/a", "\(Self.level)0.dirs.quota=3GB",
    ])
    #expect(plan.disks.isEmpty && plan.memory == 3 << 30)
    #expect(plan.warnings.count == 1 && plan.warnings[0].contains("\(Self.store)dirs"))
  }

  @Test("a level beyond the number of levels is ignored, with a warning that says what to set")
  func beyondLevels() throws {
    let plan = try plan(["\(Self.level)1.dirs.path=/s", "\(Self.level)1.dirs.quota=1GB"])
    #expect(plan.disks.isEmpty)
    #expect(plan.warnings.count == 1 && plan.warnings[0].hasSuffix("set it to 2"))
  }

  @Test("what a level lacks is named")
  func refused() {
    let levels = "alluxio.worker.tieredstore.levels=2"
    #expect(
      refusal([levels, "\(Self.level)0.dirs.quota=1GB"]).hasPrefix("\(Self.level)1.dirs.path"))
    let path = "\(Self.level)1.dirs.path=/a"
    #expect(refusal([levels, path]).contains("\(Self.level)1.dirs.quota has 0 sizes"))
    #expect(
      refusal([levels, "\(Self.level)1.dirs.path=/a,/b", "\(Self.level)1.dirs.quota=1GB"])
        .contains("paired"))
    #expect(
      refusal([levels, path, "\(Self.level)1.dirs.quota=1GB", "\(Self.level)1.alias=x"])
        .contains("'x'"))
    #expect(
      refusal([levels, "\(Self.level)1.dirs.path=a", "\(Self.level)1.dirs.quota=1GB"])
        .contains("absolute"))
    #expect(
      refusal([levels, path, "\(Self.level)1.dirs.quota=1KB"]).contains("less than one page"))
  }

  @Test("sums beyond int64 stop at its end")
  func huge() throws {
    let plan = try plan([
      "\(Self.store)dirs=/a,/b", "\(Self.store)sizes=8000PB,8000PB",
      "alluxio.worker.ramdisk.size=1GB",
    ])
    #expect(plan.tiers[1].quota == .max)
  }

  // MARK: The rest

  @Test("NUMA nodes are given one for all or one for each directory")
  func nodes() throws {
    let dirs = ["\(Self.store)dirs=/a,/b,/c", "\(Self.store)sizes=1GB,1GB,1GB"]
    let key = "penstock.worker.page.store.numa.nodes="
    #expect(try plan(dirs + [key + "1"]).disks.map(\.node) == [1, 1, 1])
    #expect(try plan(dirs + [key + "1,auto,0"]).disks.map(\.node) == [1, nil, 0])
    #expect(refusal(dirs + [key + "1,0"]).contains("2 entries"))
    for bad in ["-1", "x", "1024", "99999999999999999999"] {
      #expect(refusal(dirs + [key + bad]).contains("'\(bad)'"))
    }
    #expect(try plan([key + "1,2"]).disks.isEmpty, "memory alone has an arena on each node")
  }

  @Test(
    "the policy is found under its type, its class and our own key",
    arguments: [
      ([], "LRU"), (["\(store)evictor.type=lfu"], "LFU"),
      (["\(store)evictor.class=FIFOCacheEvictor"], "FIFO"),
      (["\(store)evictor.class=alluxio.client.file.cache.evictor.LFUCacheEvictor"], "LFU"),
      (["\(store)evictor.type=S3FIFO", "\(store)evictor.class=LRUCacheEvictor"], "S3FIFO"),
      (["penstock.worker.page.store.evictor.policy=s3fifo"], "S3FIFO"),
    ])
  func policy(keys: [String], policy: String) throws {
    #expect(try plan(keys).upkeep.policy == policy)
  }

  @Test("an unknown policy is refused by name")
  func unknownPolicy() {
    #expect(refusal(["\(Self.store)evictor.class=UnevictableCacheEvictor"]).contains("LRUCacheEv"))
    #expect(refusal(["\(Self.store)evictor.type=ARC"]).contains("LRU, LFU, FIFO, S3FIFO"))
  }

  @Test("verification and rates have their defaults and can be set")
  func upkeep() throws {
    let plain = try plan([]).upkeep
    #expect(plain.verify == "always" && plain.scrubBandwidth == 16 << 20)
    #expect(plain.promoteBandwidth == 256 << 20 && plain.requiresTiers)
    #expect(plain.demoteBandwidth == 0 && plain.lfuLogBase == 2)
    let prefix = "penstock.worker.page.store."
    let set = try plan([
      prefix + "verify=First-Touch", prefix + "scrub.bandwidth=0", prefix + "promote.bandwidth=1MB",
      "penstock.worker.readiness.require.tiers=false",
    ]).upkeep
    #expect(set.verify == "first-touch" && set.scrubBandwidth == 0)
    #expect(set.promoteBandwidth == 1 << 20 && !set.requiresTiers)
  }
}
