import Glibc
import Ring
import Testing

@Suite("Arena")
struct ArenaTests {
  private let chunk = Arena.chunkSize

  private func pages(residentIn arena: Arena, _ count: Int) -> Int {
    var map = [UInt8](repeating: 0, count: count / 4096)
    let rc = unsafe mincore(arena.base, count, &map)
    return rc == 0 ? map.count { $0 & 1 == 1 } : -1
  }

  @Test("memory is made resident by chunks as it is asked for, up to the capacity")
  func growth() throws {
    let set = try ArenaSet(name: "test", nodes: [0], capacityPerNode: 2 * chunk + 8192)
    let arena = set.arenas[0]
    #expect(arena.committed == 0)
    #expect(pages(residentIn: arena, arena.capacity) == 0)
    #expect(try arena.commit(upTo: 1) == chunk)
    #expect(try arena.commit(upTo: chunk) == chunk, "what is there is not made again")
    #expect(pages(residentIn: arena, arena.capacity) == chunk / 4096)
    #expect(try arena.commit(upTo: .max) == arena.capacity)
    #expect(pages(residentIn: arena, arena.capacity) == arena.capacity / 4096)
    let statistics = arena.statistics
    #expect(statistics.committed == 2 * chunk + 8192)
    #expect(statistics.hugeChunks + statistics.plainChunks == 2, "the odd end is never collapsed")
    #expect(unsafe UInt(bitPattern: arena.base) % UInt(chunk) == 0)
  }

  @Test("many threads that grow one arena find it grown once")
  func concurrentGrowth() async throws {
    let set = try ArenaSet(name: "test", nodes: [0], capacityPerNode: 8 * chunk)
    let arena = set.arenas[0]
    await withTaskGroup(of: Int.self) { group in
      for step in 1...8 {
        for _ in 0..<4 { group.addTask { (try? arena.commit(upTo: step * 2 << 20)) ?? -1 } }
      }
      for await committed in group { #expect(committed > 0) }
    }
    #expect(arena.committed == 8 * chunk)
    #expect(arena.statistics.hugeChunks + arena.statistics.plainChunks == 8)
  }

  @Test("nobody can write through the descriptor or a new mapping, nor change its size")
  func seals() throws {
    let set = try ArenaSet(name: "test", nodes: [0], capacityPerNode: chunk)
    let arena = set.arenas[0]
    _ = try arena.commit(upTo: chunk)
    let fd = arena.descriptor
    let writable = unsafe mmap(nil, chunk, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
    #expect(unsafe writable == MAP_FAILED)
    #expect(errno == EPERM)
    var byte: UInt8 = 1
    #expect(unsafe pwrite(fd, &byte, 1, 0) == -1)
    #expect(errno == EPERM)
    #expect(ftruncate(fd, 0) == -1)
    #expect(errno == EPERM)
    #expect(ftruncate(fd, off_t(chunk * 2)) == -1)
    #expect(errno == EPERM)
  }

  @Test("a client's read-only mapping sees the server's writes and cannot be made writable")
  func readOnlyClient() throws {
    let set = try ArenaSet(name: "test", nodes: [0], capacityPerNode: chunk)
    let arena = set.arenas[0]
    _ = try arena.commit(upTo: chunk)
    let mapped = unsafe mmap(nil, chunk, PROT_READ, MAP_SHARED, arena.descriptor, 0)
    let client = try #require(unsafe mapped)
    #expect(unsafe client != MAP_FAILED)
    unsafe arena.base.storeBytes(of: 0xABCD_1234, toByteOffset: 4096, as: UInt32.self)
    #expect(unsafe client.load(fromByteOffset: 4096, as: UInt32.self) == 0xABCD_1234)
    #expect(unsafe mprotect(client, chunk, PROT_READ | PROT_WRITE) == -1)
    #expect(errno == EACCES)
    unsafe munmap(client, chunk)
  }

  @Test("an arena the kernel has no addresses for is an error, not a trap")
  func refused() {
    let error = #expect(throws: RingError.self) {
      _ = try ArenaSet(name: "test", nodes: [0], capacityPerNode: 1 << 60)
    }
    #expect(error?.errno == ENOMEM)
  }
}

@Suite("ArenaSet")
struct ArenaSetTests {
  @Test("every byte of an arena is in one extent, whose range holds it, and numbers never repeat")
  func extents() throws {
    let extent = 4 << 20
    let capacity = 10 << 20
    let set = try ArenaSet(
      name: "test", nodes: [0, 1], capacityPerNode: capacity, extentSize: extent)
    let other = try ArenaSet(
      name: "test", nodes: [0], capacityPerNode: capacity, extentSize: extent)
    #expect(set.extents.count == 6)
    #expect(!set.extents.overlaps(other.extents))
    for (position, arena) in set.arenas.enumerated() {
      #expect(arena.node == position)
      for offset in [0, 4095, extent - 1, extent, 2 * extent, capacity - 1] {
        let pointer = unsafe arena.base + offset
        let index = unsafe set.extentIndex(of: pointer)
        #expect(index == set.firstExtent + position * 3 + offset / extent)
        let range = unsafe set.extentRange(try #require(index))
        #expect(unsafe UnsafeRawPointer(pointer) >= UnsafeRawPointer(range.baseAddress ?? pointer))
        #expect(range.count == (offset < 2 * extent ? extent : 2 << 20))
        #expect(unsafe other.extentIndex(of: pointer) == nil)
      }
      #expect(unsafe set.extentIndex(of: arena.base + capacity) == nil, "the gap is no extent")
    }
    var local = 0
    #expect(unsafe set.extentIndex(of: &local) == nil)
  }

  @Test("an extent counts as committed when its last byte is resident")
  func committed() throws {
    let set = try ArenaSet(
      name: "test", nodes: [0], capacityPerNode: 6 << 20, extentSize: 4 << 20)
    #expect(set.extents.map { set.isExtentCommitted($0) } == [false, false])
    _ = try set.arenas[0].commit(upTo: 2 << 20)
    #expect(set.extents.map { set.isExtentCommitted($0) } == [false, false])
    _ = try set.arenas[0].commit(upTo: 4 << 20)
    #expect(set.extents.map { set.isExtentCommitted($0) } == [true, false])
    _ = try set.arenas[0].commit(upTo: 6 << 20)
    #expect(set.extents.map { set.isExtentCommitted($0) } == [true, true])
    #expect(set.committed == 6 << 20)
  }
}
