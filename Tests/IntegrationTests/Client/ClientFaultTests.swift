// Workers that break the protocol: the client says so, in time, and lives.

import DaemonDriver
import Glibc
import LocalWire
import Model
import PenstockClient
import Testing

extension Integration {
  @Suite("Client faults")
  struct ClientFaultTests {
    private func read(_ worker: FakeWorker) throws -> ([UInt8], ReadPath) {
      let client = try Client(
        try ClientOptions(["socket=\(worker.path)", "ufs_fallback=false", "retry_budget_ms=100"]))
      let file = try client.open("/x")
      let part = try file.bytes(100, at: 0)
      expectAddsUp(client)
      return (part.bytes, part.path)
    }

    /// What is wrong with a greeting.
    enum Greeting: String, CaseIterable, Sendable {
      case garbage, noDescriptors, unsealed, smallTable, smallWindow, noLeases, endsAtOnce, cutOff,
        refusal
    }

    @Test("a greeting that cannot be right is refused", arguments: Greeting.allCases)
    func greetings(_ greeting: Greeting) async throws {
      try await blocking {
        let table = try FakeWorker.memory(
          greeting == .smallTable ? 8 : 128, isSealed: greeting != .unsealed)
        let window = try FakeWorker.memory(greeting == .smallWindow ? 4096 : 1 << 20)
        defer { [table, window].forEach { close($0) } }
        let worker = try FakeWorker { request, _ in
          var words = FakeWorker.Words([(request, FakeWorker.welcome())], [table, window])
          switch greeting {
          case .garbage: words = .init(raw: [UInt8](repeating: 0xA5, count: 100))
          case .noDescriptors: words.descriptors = []
          case .noLeases:
            words = .init([(request, FakeWorker.welcome(leases: 0))], [table, window])
          case .endsAtOnce: words = .init(raw: [])
          case .cutOff: words.bytes.removeLast(3)
          case .refusal: words = .init([(0, .error(ErrorFrame(.denied, "no")))])
          default: break
          }
          words.ends = [.endsAtOnce, .cutOff, .refusal].contains(greeting)
          return words
        }
        let error = #expect(throws: ClientError.self) { try read(worker) }
        let wanted: Set<ClientError.Code> =
          greeting == .refusal
          ? [.denied]
          : [.endsAtOnce, .cutOff].contains(greeting) ? [.unavailable] : [.protocolBroken]
        #expect(wanted.contains(error?.code ?? .closed), "\(String(describing: error))")
      }
    }

    @Test("a socket of a user who is not named is not believed; one of a user who is, is")
    func users() async throws {
      try await blocking {
        let table = try FakeWorker.memory(128)
        let window = try FakeWorker.memory(1 << 20)
        defer { [table, window].forEach { close($0) } }
        let worker = try FakeWorker { request, frame in
          switch frame {
          case .hello: .init([(request, FakeWorker.welcome())], [table, window])
          case .open: .init([(request, FakeWorker.opened)])
          default: nil
          }
        }
        func open(_ users: String) throws -> Int {
          let client = try Client(
            try ClientOptions([
              "socket=\(worker.path)", "ufs_fallback=false", "retry_budget_ms=5000", "leases=false",
              "penstock.user.short.circuit.worker.users=\(users)",
            ]))
          return try client.open("/x").length
        }
        #expect(try open("\(geteuid())") == 40_960 && open("*") == 40_960)
        let error = #expect(throws: ClientError.self) { try open("\(geteuid() + 1)") }
        #expect(error?.code == .mismatch, "\(String(describing: error))")
        #expect(error?.reason == "user \(geteuid()) listens there, whose word is not taken")
      }
    }

    /// What is wrong with a lease.
    enum Lease: String, CaseIterable, Sendable {
      case outside, noRegion, badSlot, wrongSize, otherPage, nothing, dead, hugeData, unasked
    }

    @Test("a lease that cannot be right never shows a byte", arguments: Lease.allCases)
    func leases(_ lease: Lease) async throws {
      try await blocking {
        let table = try FakeWorker.memory(128)
        let window = try FakeWorker.memory(1 << 20)
        defer { [table, window].forEach { close($0) } }
        var live = LeaseWord.live(3).littleEndian
        pwrite(table, &live, 8, 8)
        let worker = try FakeWorker { request, frame in
          switch frame {
          case .hello: return .init([(request, FakeWorker.welcome())], [table, window])
          case .open: return .init([(request, FakeWorker.opened)])
          case .lease:
            let page = {
              (page: UInt32, slot: UInt32, region: UInt16, offset: UInt64, count: UInt32) in
              LeasedPage(
                page: page, mark: LeaseMark(slot: slot, generation: lease == .dead ? 9 : 3),
                region: region, source: .memory, offset: offset, count: count)
            }
            let leased: [LeasedPage] =
              switch lease {
              case .outside: [page(0, 1, 0, 1 << 20, 4096)]
              case .noRegion: [page(0, 1, 5, 0, 4096)]
              case .badSlot: [page(0, 99, 0, 0, 4096)]
              case .wrongSize: [page(0, 1, 0, 0, 4095)]
              case .otherPage: [page(3, 1, 0, 0, 4096)]
              case .nothing: []
              default: [page(0, 1, 0, 0, 4096)]
              }
            return .init([
              (
                request,
                .leased(lease == .hugeData ? [LeasedPage(page: 0, failure: .noRoom)] : leased)
              )
            ])
          case .read(let wish):
            let count = lease == .hugeData ? wish.length + 1 : wish.length
            var words = FakeWorker.Words([
              (
                lease == .unasked ? 999 : request,
                .data(DataFrame(offset: wish.offset, count: count, source: .memory))
              )
            ])
            words.bytes += [UInt8](repeating: 0x5A, count: count)
            return words
          default: return nil
          }
        }
        if lease == .dead {
          // Eight leases that end at once, then the bytes come through the socket.
          let (bytes, path) = try read(worker)
          #expect(path == .domain && bytes == [UInt8](repeating: 0x5A, count: 100))
        } else if lease == .unasked {
          #expect(try read(worker).1 == .shared)
        } else {
          let error = #expect(throws: ClientError.self) { try read(worker) }
          #expect(error?.code == .protocolBroken, "\(String(describing: error))")
        }
      }
    }
  }
}
