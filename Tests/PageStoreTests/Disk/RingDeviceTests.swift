import CLinux
import Glibc
import Ring
import Testing

@testable import PageStore

@Suite("RingDevice")
struct RingDeviceTests {
  private func device(_ folder: TemporaryDirectory) throws -> RingDevice {
    let descriptor = open("\(folder.path)/device", O_RDWR | O_CREAT | pen_o_direct(), 0o600)
    try #require(descriptor >= 0)
    try #require(ftruncate(descriptor, 1 << 20) == 0)
    return RingDevice(descriptor: descriptor, size: 1 << 20, isDirect: true)
  }

  @Test("several rings use one device, in memory that is registered or not, and let go of it")
  func rings() async throws {
    let folder = TemporaryDirectory()
    let device = try device(folder)
    let arenas = try ArenaSet(
      name: "penstock-test", nodes: [0], capacityPerNode: 4 << 20, extentSize: 2 << 20)
    _ = try arenas.arenas[0].commit(upTo: 4 << 20)
    nonisolated(unsafe) let base = arenas.base
    let reactors = [try Reactor(), try Reactor()]
    for (number, reactor) in reactors.enumerated() {
      let isRight = await reactor.run {
        reactor.attach(arenas)
        let other = UnsafeMutableRawBufferPointer.allocate(byteCount: 8192, alignment: 4096)
        defer { other.deallocate() }
        let page = UnsafeMutableRawBufferPointer(start: base, count: 8192)
        page.initializeMemory(as: UInt8.self, repeating: UInt8(number + 1))
        let watch = TransferWatch(device: device)
        let bytes = UnsafeRawBufferPointer(page)
        let written = await watch.run(now: 0) { $0.write(from: bytes, at: 4096, for: $1) }
        let read = await watch.run(now: 0) { $0.read(into: other, at: 4096, for: $1) }
        let synced = await watch.run(now: 0) { $0.sync(for: $1) }
        guard written.result == 8192, read.result == 8192, other.elementsEqual(page),
          synced.result == 0, reactor.registeredExtentCount == 1
        else { return false }
        page.initializeMemory(as: UInt8.self, repeating: 0)
        let again = await watch.run(now: 0) { $0.read(into: page, at: 4096, for: $1) }
        return again.result == 8192 && page.elementsEqual(other)
      }
      #expect(isRight, "ring \(number)")
    }
    let descriptor = open("/dev/null", O_RDONLY)
    defer { close(descriptor) }
    for reactor in reactors {
      let file = await reactor.run { reactor.registerFile(descriptor) }
      #expect(file?.index == 1, "the device has the first place in the ring's table")
    }
    device.close()
    for reactor in reactors {
      let file = await reactor.run { reactor.registerFile(descriptor) }
      #expect(file?.index == 0, "the closed device has left its place")
      reactor.stop()
    }
    device.close()
  }
}
