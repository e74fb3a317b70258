import Glibc
import Model
import Ring
import Testing

@testable import PageStore

@Suite("VolumeFile")
struct VolumeFileTests {
  static let pageSize = 64 << 10
  static let block = 16 * 4096

  private func options(
    _ folder: TemporaryDirectory, blocks: Int = 8, pageSize: Int = pageSize, cluster: String = "c"
  ) -> VolumeFile.Options {
    let block = DiskLayout(pageSize: pageSize).unitsPerBlock * 4096
    return VolumeFile.Options(
      directory: folder.path, cluster: cluster, pageSize: pageSize,
      quota: (64 << 10) + blocks * block + 4095, now: 1_795_000_000)
  }

  private func volume(_ file: VolumeFile) throws -> DiskVolume {
    try file.makeVolume(
      slotCount: 4096, tier: .ssd, node: 0, number: 0, health: VolumeHealth(now: 0), now: { 0 })
  }

  /// Writes a page through a ring and records it.
  private func write(_ number: Int, _ volume: DiskVolume, on reactor: Reactor) async throws
    -> DiskPage
  {
    let length = VolumeFileTests.pageSize
    let unit = try #require(volume.take(volume.unitCount(length), for: UInt32(number)))
    let key = key(number)
    let page = await reactor.run { () -> DiskPage? in
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 4096)
      defer { bytes.deallocate() }
      TestVolume.fill(bytes, key)
      guard case .written(let root) = await volume.write(bytes, key: key, at: unit) else {
        return nil
      }
      return DiskPage(key: key, length: length, unit: unit, root: root)
    }
    let written = try #require(page)
    volume.record(
      StoredPage(
        unit: unit, key: key, length: length, root: written.root,
        sequence: volume.nextSequence(), filledAt: 0))
    return written
  }

  private func isRead(_ page: DiskPage, _ volume: DiskVolume, on reactor: Reactor) async -> Bool {
    await reactor.run {
      let size = DiskVolume.bufferSize(pageSize: VolumeFileTests.pageSize)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
      let right = UnsafeMutableRawBufferPointer.allocate(byteCount: page.length, alignment: 4096)
      defer {
        buffer.deallocate()
        right.deallocate()
      }
      let outcome = await volume.read(0..<page.length, of: page, into: buffer, verify: true)
      guard case .bytes(let place) = outcome else { return false }
      TestVolume.fill(right, page.key)
      return right.elementsEqual(buffer[place])
    }
  }

  private func code(_ options: VolumeFile.Options) -> PageStoreError.Code? {
    do {
      try VolumeFile.open(options).close()
      return nil
    } catch {
      #expect(error.subject.contains(options.directory), "an error names the path")
      return error.code
    }
  }

  @Test("a volume that is made, closed and opened again has its pages")
  func reopen() async throws {
    let folder = TemporaryDirectory()
    let reactor = try Reactor()
    defer { reactor.stop() }
    var file = try VolumeFile.open(options(folder))
    let size = (64 << 10) + 8 * VolumeFileTests.block
    #expect(file.notices.contains(.created(path: "\(file.path)/pages", bytes: size)))
    #expect(folder.size("penstock/pages") == size)
    var disk = try volume(file)
    disk.restore { _ in nil }
    #expect(disk.quota == 8 * VolumeFileTests.block)
    var pages: [DiskPage] = []
    for number in 1...3 { pages.append(try await write(number, disk, on: reactor)) }
    let written = disk
    await reactor.run { await written.flush() }
    disk.close()
    file.close()

    file = try VolumeFile.open(options(folder))
    #expect(file.notices.allSatisfy { if case .created = $0 { false } else { true } })
    disk = try volume(file)
    var found: [DiskPage] = []
    disk.restore { page in
      found.append(DiskPage(page))
      return UInt32(found.count)
    }
    #expect(found == pages)
    #expect(disk.used == 3 * VolumeFileTests.block)
    for page in found { #expect(await isRead(page, disk, on: reactor)) }
    disk.close()
    file.close()
  }

  @Test("a smaller quota drops what lies beyond it and cuts the file; a larger one grows it")
  func resizes() async throws {
    let folder = TemporaryDirectory()
    let reactor = try Reactor()
    defer { reactor.stop() }
    var file = try VolumeFile.open(options(folder))
    let path = "\(file.path)/pages"
    var disk = try volume(file)
    disk.restore { _ in nil }
    for number in 1...8 { _ = try await write(number, disk, on: reactor) }
    disk.close()
    file.close()
    let size = { (blocks: Int) in (64 << 10) + blocks * VolumeFileTests.block }

    for blocks in [3, 6] {
      file = try VolumeFile.open(options(folder, blocks: blocks))
      #expect(folder.size("penstock/pages") == size(blocks))
      #expect(
        file.notices.contains(
          blocks == 3
            ? .shrunk(path: path, from: size(8), to: size(3))
            : .grown(path: path, from: size(3), to: size(6))))
      disk = try volume(file)
      var found: [DiskPage] = []
      let result = disk.restore { page in
        found.append(DiskPage(page))
        return UInt32(found.count)
      }
      #expect(found.map(\.key) == (1...3).map { key($0) })
      #expect(result.dropped == (blocks == 3 ? 5 : 0))
      for page in found { #expect(await isRead(page, disk, on: reactor)) }
      if blocks == 6 {
        let page = try await write(9, disk, on: reactor)
        #expect(await isRead(page, disk, on: reactor))
      }
      disk.close()
      file.close()
    }
  }

  @Test("a file that was cut off loses the pages behind the cut, and no others")
  func cutOff() async throws {
    let folder = TemporaryDirectory()
    let reactor = try Reactor()
    defer { reactor.stop() }
    var file = try VolumeFile.open(options(folder))
    var disk = try volume(file)
    disk.restore { _ in nil }
    for number in 1...4 { _ = try await write(number, disk, on: reactor) }
    disk.close()
    file.close()
    let size = (64 << 10) + 2 * VolumeFileTests.block + 4096
    #expect(truncate("\(folder.path)/penstock/pages", off_t(size)) == 0)
    file = try VolumeFile.open(options(folder))
    #expect(
      file.notices.contains(
        .truncated(path: "\(file.path)/pages", missing: 6 * VolumeFileTests.block - 4096)))
    disk = try volume(file)
    var found = 0
    disk.restore { _ in
      found += 1
      return UInt32(found)
    }
    #expect(found == 2)
    disk.close()
    file.close()
  }

  @Test("a volume that another process has is refused until it is closed")
  func inUse() throws {
    let folder = TemporaryDirectory()
    let file = try VolumeFile.open(options(folder))
    #expect(code(options(folder)) == .volumeInUse)
    file.close()
    #expect(code(options(folder)) == nil)
  }

  @Test("a volume made for something else is refused by name and stays as it is")
  func mismatches() throws {
    let folder = TemporaryDirectory()
    try VolumeFile.open(options(folder)).close()
    let size = folder.size("penstock/pages")
    #expect(code(options(folder, pageSize: 128 << 10)) == .volumeMismatch)
    #expect(code(options(folder, cluster: "d")) == .volumeMismatch)
    #expect(folder.size("penstock/pages") == size)
    #expect(code(options(folder)) == nil)
  }

  @Test("one bad superblock is repaired from the other; two are refused, and the file stays")
  func superblocks() throws {
    let folder = TemporaryDirectory()
    try VolumeFile.open(options(folder)).close()
    for offset in [0, 8192] {
      folder.overwrite("penstock/pages", at: offset + 20, [0xFF, 0xFF, 0xFF])
      let file = try VolumeFile.open(options(folder))
      #expect(file.notices.contains(.superblockRepaired(path: "\(file.path)/pages")))
      file.close()
    }
    let file = try VolumeFile.open(options(folder))
    #expect(!file.notices.contains(.superblockRepaired(path: "\(file.path)/pages")))
    file.close()
    let size = folder.size("penstock/pages")
    folder.overwrite("penstock/pages", at: 20, [0xFF, 0xFF, 0xFF])
    folder.overwrite("penstock/pages", at: 8192 + 20, [0xFF, 0xFF, 0xFF])
    #expect(code(options(folder)) == .volumeMismatch)
    #expect(folder.size("penstock/pages") == size)
  }

  @Test("a file that is no volume is refused, an odd one beside it is left alone and named")
  func foreign() throws {
    let folder = TemporaryDirectory()
    #expect(folder.run("mkdir", "\(folder.path)/penstock"))
    folder.overwrite("penstock/pages", at: 0, Array("someone's notes".utf8))
    #expect(code(options(folder)) == .volumeMismatch)
    #expect(folder.size("penstock/pages") == 15)
    #expect(folder.run("rm", "\(folder.path)/penstock/pages"))
    folder.overwrite("penstock/notes.txt", at: 0, Array("someone's notes".utf8))
    folder.overwrite("penstock/pages.new", at: 0, Array("half a volume".utf8))
    let file = try VolumeFile.open(options(folder))
    #expect(file.notices.contains(.foreign(path: "\(file.path)/notes.txt")))
    #expect(folder.size("penstock/notes.txt") == 15)
    #expect(!folder.names("penstock").contains("pages.new"))
    file.close()
    #expect(folder.run("mv", "\(folder.path)/penstock/pages", "\(folder.path)/pages"))
    #expect(folder.run("mkdir", "\(folder.path)/penstock/pages"))
    #expect(code(options(folder)) == .volumeUnavailable)
  }

  @Test("directories that cannot be used are named with the remedy")
  func unusable() throws {
    let folder = TemporaryDirectory()
    var missing = options(folder)
    missing.directory = "\(folder.path)/missing"
    #expect(code(missing) == .volumeUnavailable)
    folder.overwrite("file", at: 0, [1])
    missing.directory = "\(folder.path)/file"
    #expect(code(missing) == .volumeUnavailable)
    missing.directory = "/proc/self"
    #expect(code(missing) == .volumeUnavailable)
    var small = options(folder)
    small.quota = 100_000
    #expect(code(small) == .capacityTooSmall)
    small.quota = .max
    #expect(code(small) == .capacityTooLarge)
    small.quota = 8 << 40
    #expect(code(small) == .volumeUnavailable, "no disk here has room for 8 TiB")
    #expect(folder.names("penstock") == [])
  }

  @Test("a log that is damaged, or another volume's, goes aside and the volume starts empty")
  func damagedLog() async throws {
    let folder = TemporaryDirectory()
    let reactor = try Reactor()
    defer { reactor.stop() }
    for round in 1...2 {
      let file = try VolumeFile.open(options(folder))
      let disk = try volume(file)
      disk.restore { _ in nil }
      _ = try await write(1, disk, on: reactor)
      disk.close()
      file.close()
      let moved = file.notices.contains { if case .logMovedAside = $0 { true } else { false } }
      #expect(moved == (round == 2))
      folder.overwrite("penstock/log/CURRENT", at: 0, Array("MANIFEST-999999\n".utf8))
    }
    #expect(folder.names("penstock").contains("log.damaged-1"))
    // The file is made anew beside the old log.
    #expect(folder.run("rm", "\(folder.path)/penstock/pages"))
    let file = try VolumeFile.open(options(folder))
    #expect(folder.names("penstock").contains("log.damaged-2"))
    let disk = try volume(file)
    #expect(disk.restore { _ in 1 }.pages == 0)
    disk.close()
    file.close()
  }
}
