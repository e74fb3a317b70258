import CLinux
import Glibc
import Testing

@testable import Ring

@Suite("Reactor files")
struct ReactorFilesTests {
  @Test("written bytes are read back, by descriptor and as a registered file")
  func roundTrip() async throws {
    try await withReactor { reactor in
      let fd = await reactor.open(
        at: AT_FDCWD, "/tmp", flags: O_RDWR | pen_o_tmpfile(), mode: 0o600)
      try #require(fd >= 0)
      let count = 3 << 20
      let source = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
      defer { unsafe source.deallocate() }
      for index in 0..<count { unsafe source[index] = UInt8(truncatingIfNeeded: index &* 31) }
      try await unsafe reactor.writeAll(fd, from: UnsafeRawBufferPointer(source), at: 0)
      #expect(await reactor.sync(fd, dataOnly: true) == 0)
      let target = UnsafeMutableRawBufferPointer.allocate(byteCount: count + 100, alignment: 4096)
      defer { unsafe target.deallocate() }
      #expect(try await unsafe reactor.readAll(fd, into: target, at: 0) == count)
      #expect(unsafe source[...].elementsEqual(target[..<count]))
      #expect(try await reactor.status(of: fd).get().stx_size == UInt64(count))

      let fixed = try #require(reactor.registerFile(fd))
      unsafe target.initializeMemory(as: UInt8.self, repeating: 0)
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: target[..<4096])
      #expect(await unsafe reactor.read(fixed, into: part, at: 8192) == 4096)
      #expect(unsafe part.elementsEqual(source[8192..<8192 + 4096]))
      reactor.unregisterFile(fixed)

      await reactor.close(fd)
    }
  }

  @Test(
    "reads into an arena register each extent with the ring when it is first used, and no sooner")
  func registeredMemory() async throws {
    let arenas = try ArenaSet(
      name: "penstock-test", nodes: [0], capacityPerNode: 8 << 20, extentSize: 4 << 20)
    _ = try arenas.arenas[0].commit(upTo: 8 << 20)
    nonisolated(unsafe) let base = arenas.base
    let extent = arenas.extentSize
    try await withReactor { reactor in
      reactor.attach(arenas)
      let fd = await reactor.open(
        at: AT_FDCWD, "/tmp", flags: O_RDWR | pen_o_tmpfile(), mode: 0o600)
      try #require(fd >= 0)
      let first = UnsafeMutableRawBufferPointer(start: base + 4096, count: 64 << 10)
      for index in 0..<first.count { first[index] = UInt8(truncatingIfNeeded: index &* 13) }
      try await reactor.writeAll(fd, from: UnsafeRawBufferPointer(first), at: 0)
      #expect(reactor.registeredExtentCount == 1)
      let second = UnsafeMutableRawBufferPointer(start: base + extent, count: 64 << 10)
      #expect(try await reactor.readAll(fd, into: second, at: 0) == 64 << 10)
      #expect(reactor.registeredExtentCount == 2)
      #expect(second.elementsEqual(first))
      // A buffer that lies in two extents is no registered one.
      let across = UnsafeMutableRawBufferPointer(start: base + extent - 4096, count: 8192)
      #expect(try await reactor.readAll(fd, into: across, at: 0) == 8192)
      #expect(across.elementsEqual(first[..<8192]))
      #expect(reactor.registeredExtentCount == 2)
      await reactor.close(fd)
    }
  }

  @Test("direct reads into aligned memory work where the file system allows them")
  func direct() async throws {
    try await withReactor { reactor in
      let fd = await reactor.open(
        at: AT_FDCWD, "/proc/self/exe", flags: O_RDONLY | pen_o_direct())
      // Overlay and temporary file systems refuse O_DIRECT with EINVAL: nothing to see there.
      if fd == -EINVAL { return }
      try #require(fd >= 0)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 8192, alignment: 4096)
      defer { unsafe buffer.deallocate() }
      #expect(await unsafe reactor.read(fd, into: buffer, at: 4096) == 8192)
      await reactor.close(fd)
    }
  }

  @Test("errors carry the operation and the errno")
  func errors() async throws {
    try await withReactor { reactor in
      #expect(await reactor.open(at: AT_FDCWD, "/no/such/file", flags: O_RDONLY) == -ENOENT)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
      defer { unsafe buffer.deallocate() }
      await #expect(throws: RingError(.system, operation: "ring.read", errno: EBADF)) {
        _ = try await unsafe reactor.readAll(.max, into: buffer, at: 0)
      }
    }
  }
}
