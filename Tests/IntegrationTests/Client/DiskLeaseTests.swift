// Pages of a disk tier over the domain socket: brought into the client's window, promoted to memory when they are read often.

import DaemonDriver
import Glibc
import PenstockClient
import Testing

extension Integration {
  @Suite("Leases on disk pages")
  struct DiskLeaseTests {
    private static let pages = 24
    private static let content = PlacedBytes(seed: 61).bytes(0..<pages << 20)

    /// Folders that two lives of a worker share: the second one finds every page on its disk, and none in memory.
    private struct Home {
      let scratch: ScratchDirectory
      let sockets: ScratchDirectory
      var socket: String { sockets.path("s") }

      init() throws {
        scratch = try ScratchDirectory("diskleases")
        sockets = try ScratchDirectory("sc", in: "/tmp")
        for name in ["data", "volume", "work"] { try makeDirectories(scratch.path(name)) }
        try writeBytes(content, to: scratch.path("data/file"))
        try setTime(of: scratch.path("data/file"), secondsAgo: 1000)
      }

      func start(_ options: String...) throws -> DaemonProcess {
        try DaemonProcess(
          Binaries.penstockd, ports: try .free(),
          options: [
            "-Dalluxio.work.dir=\(scratch.path("work"))",
            "--mount", "/data=file://\(scratch.path("data"))",
            "-Dalluxio.worker.page.store.dirs=\(scratch.path("volume"))",
            "-Dalluxio.worker.page.store.sizes=64MB",
            "-Dpenstock.worker.page.store.landing.size=64MB",
            "-Dalluxio.worker.data.server.domain.socket.address=\(socket)",
          ] + options)
      }

      func client(_ settings: String...) throws -> Client {
        try Client(
          try ClientOptions(
            ["socket=\(socket)", "ufs_fallback=false", "retry_budget_ms=20000"] + settings))
      }

      /// Lets a life read the file and write every page to the volume.
      func fill() throws {
        let worker = try start()
        // A file that was changed a moment ago is served and not kept, whatever its time says: it is read until it is.
        let isSaved = try eventually(.seconds(60)) {
          let file = try client().open("/data/file")
          #expect(identical(try file.bytes(content.count, at: 0).bytes, content))
          return try worker.metric("penstock_volume_used_bytes") ?? 0 >= Double(content.count)
        }
        #expect(isSaved, "\(worker.logText)")
        #expect(worker.process.stop() == .code(0), "\(worker.logText)")
      }

      /// Waits until a life knows the pages of its volume.
      func awaitPages(of worker: DaemonProcess) throws {
        #expect(try eventually { try worker.metric("penstock_volume_restored") == 1 })
      }
    }

    /// What a worker says of its reads.
    private struct Figures {
      let domain, direct, source, fromDisk: Int

      init(_ worker: DaemonProcess) throws {
        func figure(_ name: String) throws -> Int { Int(try worker.metric(name) ?? -1) }
        domain = try figure("Worker_BytesReadDomain")
        direct = try figure("Worker_BytesReadDirect")
        source = try figure("Worker_BytesReadUfs")
        fromDisk = try figure("penstock_volume_read_bytes_total")
      }
    }

    @Test("pages on disk are read into a window that is smaller than the file, each about once")
    func window() async throws {
      try await blocking {
        let home = try Home()
        try home.fill()
        let worker = try home.start("-Dpenstock.worker.page.store.promote.bandwidth=0")
        try home.awaitPages(of: worker)
        let client = try home.client("window=4MiB")
        let file = try client.open("/data/file")
        for start in stride(from: 0, to: Self.content.count, by: 128 << 10) {
          let part = try file.bytes(128 << 10, at: start)
          #expect(part.path <= .domain, "\(start)")
          #expect(identical(part.bytes, Array(Self.content[start..<start + 128 << 10])))
        }
        expectAddsUp(client)
        // A page comes through the socket when all of the window is just being filled; most do not.
        #expect(client.statistics.bytes[.shared] ?? 0 > UInt64(Self.content.count / 2))
        let figures = try Figures(worker)
        #expect(figures.source == 0 && figures.direct == 0, "\(figures)")
        // A window of four pages: what was asked for ahead and had no room was not read in vain.
        let size = Self.content.count
        #expect(figures.fromDisk >= size && figures.fromDisk < 3 * size, "\(figures)")
        #expect(figures.domain >= size, "\(figures)")
        file.close()
        client.close()
        #expect(try eventually { try worker.metric("penstock_short_circuit_window_bytes") == 0 })
        #expect(try worker.metric("penstock_short_circuit_leases") == 0)
      }
    }

    @Test("a view of a page on disk stays what it is while other pages pass through the window")
    func views() async throws {
      try await blocking {
        let home = try Home()
        try home.fill()
        let worker = try home.start("-Dpenstock.worker.page.store.promote.bandwidth=0")
        try home.awaitPages(of: worker)
        let client = try home.client("window=2MiB")
        let file = try client.open("/data/file")
        let view = try file.view(1 << 20, at: 3 << 20)
        #expect(view.path == .shared && !view.isCopy)
        #expect(identical(try file.bytes(Self.content.count, at: 0).bytes, Self.content))
        #expect(identical(unsafe Array(view.bytes), Array(Self.content[3 << 20..<4 << 20])))
        #expect(view.close())
        expectAddsUp(client)
        #expect(try Figures(worker).source == 0)
      }
    }

    @Test("pages on disk that are read again are promoted, and leased in the worker's memory")
    func promotion() async throws {
      try await blocking {
        let home = try Home()
        try home.fill()
        let worker = try home.start()
        try home.awaitPages(of: worker)
        let isInMemory = try eventually(.seconds(60)) {
          // A client of its own: one that holds a lease asks for no other.
          let file = try home.client().open("/data/file")
          #expect(
            identical(try file.bytes(1 << 20, at: 0).bytes, Array(Self.content[..<(1 << 20)])))
          return try Figures(worker).direct > 0
        }
        let figures = try Figures(worker)
        #expect(isInMemory && figures.domain >= 1 << 20 && figures.source == 0, "\(figures)")
      }
    }
  }
}
