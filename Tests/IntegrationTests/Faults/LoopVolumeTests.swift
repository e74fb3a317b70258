// The tools that break disks, tried on their own: a fault that does not happen would prove nothing.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Broken disks for tests", .enabled(if: LoopVolume.isUsable))
  struct LoopVolumeTests {
    @Test("a disk fills up, is emptied, and lets files open when it goes away go on")
    func fillAndDetach() async throws {
      try await blocking {
        let disk = try LoopVolume()
        #expect(try disk.fill() > 32 << 20)
        #expect(throws: DriverError.self) { try writeBytes([1], to: "\(disk.path)/more") }
        disk.empty()
        try writeBytes([1, 2], to: "\(disk.path)/file")
        let file = open("\(disk.path)/file", O_RDWR | O_CLOEXEC)
        defer { close(file) }
        try disk.detach()
        #expect(names(in: disk.path) == [])
        var bytes: [UInt8] = [0, 0]
        #expect(pread(file, &bytes, 2, 0) == 2 && bytes == [1, 2])
        try disk.mount()
        #expect(try readBytes("\(disk.path)/file") == [1, 2])
      }
    }

    @Test("after an abort writes fail with EROFS, in open files too, and reads go on")
    func abort() async throws {
      try await blocking {
        let disk = try LoopVolume()
        try writeBytes([UInt8](repeating: 5, count: 4096), to: "\(disk.path)/file")
        let file = open("\(disk.path)/file", O_RDWR | O_CLOEXEC)
        defer { close(file) }
        try #require(fsync(file) == 0)
        try disk.abort()
        var bytes = [UInt8](repeating: 0, count: 4096)
        #expect(pwrite(file, bytes, 4096, 0) < 0 && errno == EROFS)
        #expect(pread(file, &bytes, 4096, 0) == 4096 && bytes[0] == 5)
      }
    }

    @Test("beyond a cut, direct reads fail with EIO")
    func cut() async throws {
      try await blocking {
        let disk = try LoopVolume()
        try writeBytes([UInt8](repeating: 5, count: 16 << 20), to: "\(disk.path)/file")
        let file = open("\(disk.path)/file", O_RDONLY | directIO | O_CLOEXEC)
        defer { close(file) }
        try #require(fsync(file) == 0)
        try disk.cutImage(to: 1 << 20)
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
        defer { buffer.deallocate() }
        #expect(pread(file, buffer, 4096, 8 << 20) < 0 && errno == EIO)
      }
    }

    @Test("flipped bits are as many as asked for, each in a part of its own")
    func flips() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("flips")
        let content = patterned(1 << 20, seed: 1)
        try writeBytes(content, to: scratch.path("file"))
        try flipBits(1000, of: scratch.path("file"), from: 4096, seed: 7)
        let rotten = try readBytes(scratch.path("file"))
        #expect(rotten[..<4096] == content[..<4096])
        let flipped = zip(rotten, content).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
        #expect(flipped == 1000)
      }
    }
  }
}

/// O_DIRECT, which the Glibc module does not show.
#if arch(arm64)
  private let directIO: Int32 = 0o200000
#else
  private let directIO: Int32 = 0o40000
#endif
