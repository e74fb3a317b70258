// A directory of sockets that several workers share, some of them gone or of another cluster; and a worker that reads nothing.

import DaemonDriver
import Dispatch
import Glibc
import LocalWire
import Model
import PenstockClient
import Synchronization
import Testing

extension Integration {
  @Suite("A directory of sockets")
  struct SharedDirectoryTests {
    private func worker(
      _ directory: String, _ mark: String, _ options: [String] = []
    ) throws -> Fixture {
      try Fixture(
        options: [
          "-Dalluxio.worker.data.server.domain.socket.address=\(directory)",
          "-Dalluxio.worker.data.server.domain.socket.as.uuid=true",
        ] + options
      ) { folder in
        for index in 0..<16 {
          try writeBytes(Array("\(mark)\(index)".utf8), to: "\(folder)/\(index)")
        }
      }
    }

    private func client(_ directory: String, _ settings: [String] = []) throws -> Client {
      try Client(
        try ClientOptions(
          ["socket_dir=\(directory)", "ufs_fallback=false", "retry_budget_ms=20000"] + settings))
    }

    private func text(_ client: Client, _ path: String) throws -> String {
      let part = try client.open(path).bytes(100, at: 0)
      #expect(part.path == .shared || part.path == .domain)
      return String(decoding: part.bytes, as: UTF8.self)
    }

    /// A socket's file where nobody listens any more.
    private func deadSocket(_ path: String) throws {
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(descriptor) }
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
      let code = withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      try #require(code == 0)
    }

    @Test(
      "sockets of workers that are gone are passed over: every file is read by the one that lives")
    func dead() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("dead", in: "/tmp")
        let one = try worker(scratch.path("d"), "a")
        for index in 0..<3 {
          try deadSocket(scratch.path("d/\(index)2345678-90ab-cdef-1234-567890abcdef"))
        }
        let client = try client(scratch.path("d"))
        for index in 0..<16 { #expect(try text(client, "/data/\(index)") == "a\(index)") }
        expectAddsUp(client)
        withExtendedLifetime(one) {}
      }
    }

    @Test(
      "workers of two clusters: a client that does not say which is refused, one that does reads all of it"
    )
    func clusters() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("two", in: "/tmp")
        let one = try worker(scratch.path("d"), "a", ["-Dalluxio.cluster.name=red"])
        let other = try worker(scratch.path("d"), "b", ["-Dalluxio.cluster.name=blue"])
        let unsure = try client(scratch.path("d"), ["retry_budget_ms=1000"])
        for index in 0..<16 {
          let error = #expect(throws: ClientError.self) { try text(unsure, "/data/\(index)") }
          #expect(error?.code == .invalid)
          #expect(error.map { "\($0)" }?.contains("'blue' and 'red'") == true)
        }
        for (name, mark) in [("red", "a"), ("blue", "b")] {
          let sure = try client(scratch.path("d"), ["cluster=\(name)"])
          for index in 0..<16 { #expect(try text(sure, "/data/\(index)") == "\(mark)\(index)") }
          expectAddsUp(sure)
        }
        withExtendedLifetime((one, other)) {}
      }
    }

    @Test(
      "a worker that takes no bytes is given up in time, whoever sends", .timeLimit(.minutes(3)))
    func unread() async throws {
      try await blocking {
        let table = try FakeWorker.memory(128)
        let window = try FakeWorker.memory(1 << 20)
        defer { [table, window].forEach { close($0) } }
        let over = Gate()
        defer { over.open() }
        let worker = try FakeWorker { request, frame in
          switch frame {
          case .hello: return .init([(request, FakeWorker.welcome())], [table, window])
          default:
            over.wait()
            return nil
          }
        }
        let client = try Client(
          try ClientOptions([
            "socket=\(worker.path)", "ufs_fallback=false", "retry_budget_ms=20",
            "alluxio.user.network.rpc.keepalive.time=2s",
            "alluxio.user.network.rpc.keepalive.timeout=1s",
          ]))
        // Together more than the socket has room for.
        let path = "/" + String(repeating: "x", count: 8000)
        let found = Mutex<Set<ClientError.Code?>>([])
        DispatchQueue.concurrentPerform(iterations: 48) { _ in
          do throws(ClientError) {
            _ = try client.open(path)
            found.withLock { _ = $0.insert(nil) }
          } catch {
            found.withLock { _ = $0.insert(error.code) }
          }
        }
        let codes = found.withLock { $0 }
        #expect(codes == [.unavailable])
      }
    }

    @Test("a client that is told of no worker says so at once")
    func nowhere() async throws {
      try await blocking {
        let error = #expect(throws: ClientError.self) {
          // A file is the way then, where the under file system may be read.
          let client = try Client(try ClientOptions(["roots=/data=file:///nonexistent"]))
          _ = try client.open("/else/x")
        }
        #expect(error?.code == .invalid)
      }
    }
  }
}

/// Something that is waited for by threads.
private final class Gate: @unchecked Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func wait() {
    semaphore.wait()
    semaphore.signal()
  }

  func open() { semaphore.signal() }
}
