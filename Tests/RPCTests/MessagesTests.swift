import DaemonDriver
import RPC
import Testing

@testable import Messages

@Suite("Messages")
struct MessagesTests {
  @Test("bytes that were damaged make another message or an error, never a trap")
  func damage() throws {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    let progress = try RPCCodec<WireProgressResponse>.protobuf.encode(Self.progress)
    let run = try RPCCodec<WireRunRequest>.protobuf.encode(Self.run)
    for _ in 0..<2000 {
      let damaged = Self.damage(random.below(2) == 0 ? progress : run, &random)
      expectStable(WireProgressResponse.self, damaged, seed)
      expectStable(WireRunRequest.self, damaged, seed)
      expectStable(WireRegisterRequest.self, damaged, seed)
      expectStable(WireHeartbeatResponse.self, damaged, seed)
      _ = ReflectionService.answer(damaged, services: ["a.B"])
      _ = DescriptorTable(damaged)
    }
  }

  /// What is read is written and read again as the same.
  private func expectStable<Message: ProtobufMessage & Equatable>(
    _ type: Message.Type, _ bytes: [UInt8], _ seed: UInt64
  ) {
    do throws(RPCError) {
      let message = try RPCCodec<Message>.protobuf.decode(bytes)
      let again = try RPCCodec<Message>.protobuf.decode(
        try RPCCodec<Message>.protobuf.encode(message))
      #expect(again == message, "SEED=\(seed) \(bytes)")
    } catch {
      #expect(error.code == .internal, "SEED=\(seed)")
    }
  }

  private static func damage(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    var damaged = bytes
    for _ in 0...random.below(4) {
      switch random.below(4) {
      case 0 where !damaged.isEmpty: damaged.removeLast(random.below(damaged.count))
      case 1:
        damaged.insert(
          UInt8(truncatingIfNeeded: random.next()), at: random.below(damaged.count + 1))
      case 2 where !damaged.isEmpty: damaged.remove(at: random.below(damaged.count))
      default:
        guard !damaged.isEmpty else { continue }
        damaged[random.below(damaged.count)] = UInt8(truncatingIfNeeded: random.next())
      }
    }
    return damaged
  }

  private static let progress = WireProgressResponse.make { progress in
    progress.jobID = "an id"
    progress.state = .running
    progress.source.paths = ["s3://bucket/ü", "s3://bucket/b"]
    progress.load = .make { $0.fileFilterRegex = ".*" }
    progress.counts = .make { $0.listedFiles = 1 << 40 }
    progress.remainingMilliseconds = 7
    progress.files = (0..<3).map { index in .make { $0.path = "\(index)" } }
  }

  private static let run = WireRunRequest.make { run in
    run.taskID = .max
    run.kind = .verify
    run.files = (0..<5).map { index in
      .make {
        $0.index = UInt32(index)
        $0.path = "s3://bucket/\(index)"
        $0.range = .make { $0.size = 1 << 28 }
      }
    }
  }

  @Test("the descriptors hold every method that is answered, and their imports")
  func descriptors() {
    let table = DescriptorTable.ours
    let names = [
      "penstock.v1.Jobs.Submit", "penstock.v1.Registry.Register", "penstock.v1.Tasks.Run",
      "penstock.v1.Command.Kind", "grpc.health.v1.Health",
      "grpc.reflection.v1alpha.ServerReflection",
    ]
    for name in names { #expect(table.fileOfSymbol[name] != nil, "\(name)") }
    #expect(
      table.closure(of: "penstock/v1/tasks.proto")?.map(\.name)
        == ["penstock/v1/tasks.proto", "penstock/v1/jobs.proto"])
    #expect(table.closure(of: "nothing.proto") == nil)
  }
}
