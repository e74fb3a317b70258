// The client library against a real worker: every byte compared with the disk, on every way.

import DaemonDriver
import Glibc
import PenstockClient
import Synchronization
import Testing

extension Integration {
  @Suite("Client reads")
  struct ClientReadTests {
    static let size = 5 << 20 | 777
    static let content = PlacedBytes(seed: 31).bytes(0..<size)

    private func prepared(_ options: [String] = []) throws -> ClientFixture {
      try ClientFixture(options: options) { folder in
        try writeBytes(Self.content, to: "\(folder)/file")
        try writeBytes([], to: "\(folder)/empty")
        try makeDirectories("\(folder)/sub dir")
        try writeBytes([1, 2, 3], to: "\(folder)/sub dir/ümläut &+%20.bin")
      }
    }

    @Test("what is read through leases is what is on the disk, whole, in order and at random")
    func leases() async throws {
      try await blocking {
        let fixture = try prepared()
        let client = try fixture.client()
        let file = try client.open("/data/file")
        #expect(file.length == Self.size)
        let whole = try file.bytes(Self.size + 10, at: 0)
        #expect(whole.path == .shared && identical(whole.bytes, Self.content))
        var random = SeededRandom()
        for _ in 0..<300 {
          let offset = random.below(Self.size + 100)
          let count = random.below(3 << 20)
          let part = try file.bytes(count, at: offset)
          let wanted = Self.content[min(offset, Self.size)..<min(offset + count, Self.size)]
          #expect(identical(part.bytes, Array(wanted)), "SEED=\(random.seed) \(count) at \(offset)")
        }
        for start in stride(from: 0, to: Self.size, by: 65_536) {
          let part = try file.bytes(65_536, at: start).bytes
          #expect(identical(part, Array(Self.content[start..<min(start + 65_536, Self.size)])))
        }
        expectAddsUp(client)
        #expect(client.statistics.connections == 1)
        #expect(client.statistics.bytes[.network] == 0)
        file.close()
        #expect(throws: ClientError.self) { try file.bytes(1, at: 0) }
      }
    }

    @Test("empty files, odd names, paths of the under file system and what is not there")
    func names() async throws {
      try await blocking {
        let fixture = try prepared()
        let client = try fixture.client([fixture.network])
        let empty = try client.open("/data/empty")
        #expect(try empty.length == 0 && empty.bytes(5, at: 0).bytes.isEmpty)
        for path in [
          "/data/sub dir/ümläut &+%20.bin", fixture.fixture.source("sub dir/ümläut &+%20.bin"),
        ] {
          #expect(try client.open(path).bytes(9, at: 0).bytes == [1, 2, 3], "\(path)")
          let status = try client.status(path)
          #expect(status.length == 3 && !status.isDirectory && !status.entityTag.isEmpty)
        }
        let missing = #expect(throws: ClientError.self) { try client.open("/data/nothing") }
        #expect(missing?.code == .notFound, "\(String(describing: missing))")
        let folder = #expect(throws: ClientError.self) { try client.open("/data/sub dir") }
        #expect(folder?.code == .isDirectory, "\(String(describing: folder))")
        #expect(try client.status("/data/sub dir").isDirectory)
        let list = try client.list("/data")
        #expect(Set(list.map(\.name)) == ["file", "empty", "sub dir"])
        #expect(list.first { $0.name == "file" }?.length == Int64(Self.size))
      }
    }

    @Test("without a socket the network is the way, and the under file system without a worker")
    func otherWays() async throws {
      try await blocking {
        let fixture = try prepared()
        let network = try Client(try ClientOptions([fixture.network, "ufs_fallback=false"]))
        let ufs = try Client(try ClientOptions(["roots=/data=file://\(fixture.fixture.folder)"]))
        for (client, path) in [(network, ReadPath.network), (ufs, .ufs)] {
          let file = try client.open("/data/file")
          let whole = try file.bytes(Self.size, at: 0)
          #expect(whole.path == path && identical(whole.bytes, Self.content))
          let part = try file.bytes(1000, at: 1_048_000).bytes
          #expect(identical(part, Array(Self.content[1_048_000..<1_049_000])))
          let missing = #expect(throws: ClientError.self) { try client.open("/data/nothing") }
          #expect(missing?.code == .notFound, "\(String(describing: missing))")
          #expect(try client.list("/data").count == 3)
          let view = try file.view(100, at: 50)
          #expect(unsafe view.isCopy && Array(view.bytes) == Array(Self.content[50..<150]))
          #expect(view.close())
          expectAddsUp(client)
        }
      }
    }

    @Test("a file that changes is told apart on every way, and never mixed")
    func changes() async throws {
      try await blocking {
        let fixture = try prepared(["-Dalluxio.worker.ufs.status.validity=0ms"])
        let local = try fixture.client()
        let network = try Client(try ClientOptions([fixture.network, "ufs_fallback=false"]))
        let before = [try local.open("/data/file"), try network.open("/data/file")]
        let other = PlacedBytes(seed: 32).bytes(0..<Self.size)
        try writeBytes(other, to: "\(fixture.fixture.folder)/file")
        for (client, old) in [(local, before[0]), (network, before[1])] {
          do {
            let bytes = try old.bytes(Self.size, at: 0).bytes
            #expect(identical(bytes, Self.content))
          } catch let error as ClientError {
            #expect(error.code == .changed, "\(error)")
          }
          #expect(identical(try client.open("/data/file").bytes(Self.size, at: 0).bytes, other))
        }
      }
    }

    @Test("views are live while the worker is there, and say so when it went")
    func views() async throws {
      try await blocking {
        let fixture = try prepared()
        let client = try fixture.client()
        let file = try client.open("/data/file")
        let view = try file.view(1 << 20, at: 1 << 20)
        #expect(unsafe view.path == .shared && !view.isCopy && view.bytes.count == 1 << 20)
        #expect(identical(unsafe Array(view.bytes), Array(Self.content[1 << 20..<2 << 20])))
        let part = try file.view(1 << 20, at: 1_500_000)
        #expect(unsafe part.bytes.count == (2 << 20) - 1_500_000)
        #expect(part.close() && part.close() && view.isLive)
        file.close()
        #expect(view.isLive)
        #expect(identical(unsafe Array(view.bytes), Array(Self.content[1 << 20..<2 << 20])))
        fixture.fixture.daemon.process.stop()
        #expect(!view.isLive && !view.close())
        expectAddsUp(client)
      }
    }

    @Test("a glance shows the bytes in place, to the end of their page, and none past a lease")
    func glances() async throws {
      try await blocking {
        let fixture = try prepared()
        let client = try fixture.client()
        let file = try client.open("/data/file")
        var offset = 0
        while offset < Self.size {
          let seen = try file.withBytes(300_000, at: offset) { Array($0) }
          let end = min(offset + 300_000, (offset >> 20 + 1) << 20, Self.size)
          #expect(identical(seen, Array(Self.content[offset..<end])))
          offset = end
        }
        #expect(client.statistics.bytesInPlace == UInt64(Self.size))
        #expect(client.statistics.bytes[.shared] == UInt64(Self.size))
        expectAddsUp(client)
        // Without a lease it is a copy.
        let unleased = try fixture.client(["leases=false"])
        let copied = try unleased.open("/data/file").withBytes(100, at: 9) { Array($0) }
        #expect(copied == Array(Self.content[9..<109]))
        #expect(throws: ClientError.self) { try file.withBytes(1, at: Self.size) { $0.count } }
        fixture.fixture.daemon.process.stop()
        #expect(throws: ClientError.self) { try file.withBytes(1, at: 0) { $0.count } }
      }
    }

    @Test("a worker that goes away is replaced by the under file system in the middle of a file")
    func workerGone() async throws {
      try await blocking {
        let fixture = try prepared()
        let client = try fixture.client(["ufs_fallback=true", fixture.network])
        let file = try client.open(fixture.fixture.source("file"))
        #expect(try file.bytes(100, at: 0).path == .shared)
        fixture.fixture.daemon.process.signal(SIGKILL)
        _ = fixture.fixture.daemon.process.wait(.seconds(10))
        let rest = try file.bytes(Self.size, at: 100)
        #expect(rest.path == .ufs && identical(rest.bytes, Array(Self.content[100...])))
        expectAddsUp(client)
      }
    }

    @Test("many threads read one file and one connection at once")
    func threads() async throws {
      try await blocking {
        let fixture = try prepared()
        let client = try fixture.client(["leases_max=4"])
        let file = try client.open("/data/file")
        let wrong = Mutex<[String]>([])
        onThreads(4) { thread in
          var random = SeededRandom(seed: UInt64(thread) + 1)
          for _ in 0..<200 {
            let offset = random.below(Self.size)
            let count = random.below(200_000)
            let wanted = Array(Self.content[offset..<min(offset + count, Self.size)])
            do {
              let part = try file.bytes(count, at: offset)
              if !identical(part.bytes, wanted) {
                wrong.withLock { $0.append("\(count) at \(offset)") }
              }
            } catch {
              wrong.withLock { $0.append("\(error)") }
            }
          }
        }
        #expect(wrong.withLock { $0 } == [])
        expectAddsUp(client)
      }
    }

    @Test("batches and readahead ask for many pages with few requests")
    func batches() async throws {
      try await blocking {
        let fixture = try prepared()
        let client = try fixture.client()
        let file = try client.open("/data/file")
        try file.readAhead(Self.size, at: 0)
        let asked = client.statistics.requests
        var target = [UInt8](repeating: 0, count: 6 * 1000)
        let offsets = (0..<6).map { min($0 << 20, Self.size - 1000) }
        try target.withUnsafeMutableBytes { bytes in
          let ranges = offsets.enumerated().map { index, offset in
            unsafe ReadRange(
              into: UnsafeMutableRawBufferPointer(
                rebasing: bytes[index * 1000..<(index + 1) * 1000]),
              at: offset)
          }
          let outcomes = try file.readMany(ranges)
          #expect(outcomes.allSatisfy { $0 == outcomes[0] && $0.count == 1000 })
        }
        for (index, offset) in offsets.enumerated() {
          #expect(
            Array(target[index * 1000..<(index + 1) * 1000])
              == Array(Self.content[offset..<offset + 1000]))
        }
        #expect(client.statistics.requests == asked)
      }
    }
  }
}

/// Runs `body` on `count` threads at once and waits for all.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let threads = (0..<count).map { index -> pthread_t in
    var thread = pthread_t()
    let context = Unmanaged.passRetained(ThreadBody { body(index) }).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        if let context {
          Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
        }
        return nil
      }, context)
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
