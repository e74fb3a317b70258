import DaemonDriver
import Foundation
import Model
import Ring
import Synchronization
import Testing

@testable import UFS

/// The parent of every suite that uses the one HDFS, so that they run one after the other.
@Suite("A directory of a real HDFS", .serialized)
struct HDFSUFSTests {
  @Test("keeps every promise of an under file system", arguments: UFSContract.cases)
  func contract(promise: UFSContract.Case) async throws {
    let server = try await HDFSServer.running
    try await UFSContract.run(promise) {
      UFSSubject(fileSystem: try await server.fileSystem(), keepAlive: server)
    }
  }

  @Test("sorts names of all bytes, and goes on after each of them")
  func sorted() async throws {
    let server = try await HDFSServer.running
    try await Bench.run { () async throws in
      let subject = UFSSubject(fileSystem: try await server.fileSystem(), keepAlive: server)
      let files = ["a!", "a-b", "a0", "aé", "é", "éa", "日本", "z", "aéz", "a\u{7F}"]
      for path in files { try await subject.put(path, []) }
      for path in ["a", "aé!", "é-"] {
        _ = try await subject.fileSystem.makeDirectory(path, recursive: false)
      }
      let keys = (files + ["a/", "aé!/", "é-/"]).sorted { isBefore($0, $1) }
      for max in [1, 3, 100] {
        #expect(try await subject.entries("", order: .sorted, max: max).map(\.sortKey) == keys)
      }
      for (index, key) in keys.enumerated() {
        let options = UFSListing(order: .sorted, after: UFSCursor(token: key))
        let rest = try await subject.drain(try await subject.fileSystem.list("", options))
        #expect(rest.flatMap(\.entries).map(\.sortKey) == Array(keys[(index + 1)...]), "\(key)")
      }
    }
  }

  @Test("gives the bytes of files of many blocks, announced or not, in any pieces")
  func blocks() async throws {
    let server = try await HDFSServer.running
    try await Bench.run { () async throws in
      var random = SeededRandom()
      let subject = UFSSubject(fileSystem: try await server.fileSystem(), keepAlive: server)
      let bytes = random.bytes(3_400_001)
      try await subject.put("f", bytes)
      let reader = try await subject.fileSystem.open("f", expecting: nil)
      for size in [100_000, 65_536, 1 << 20, 3_400_001] {
        let start = Int.random(in: 0..<2000, using: &random)
        reader.announce(Int64(start)..<Int64(bytes.count))
        var offset = start
        while offset < bytes.count {
          let got = try await subject.read(reader, at: Int64(offset), size)
          #expect(got.isSettled)
          #expect(
            got.bytes.elementsEqual(bytes[offset..<min(offset + size, bytes.count)]),
            "SEED=\(random.seed) size \(size) offset \(offset)")
          // Now and then a gap, which is passed over.
          offset += got.bytes.count + (Bool.random(using: &random) ? 777 : 0)
        }
      }
      await reader.close()
    }
  }

  @Test("lets reads overlap: those of an announced range are served in their order")
  func overlapping() async throws {
    let server = try await HDFSServer.running
    try await Bench.run { () async throws in
      var random = SeededRandom()
      let subject = UFSSubject(fileSystem: try await server.fileSystem(), keepAlive: server)
      let bytes = random.bytes(4 << 20)
      try await subject.put("f", bytes)
      let reader = Held(try await subject.fileSystem.open("f", expecting: nil))
      reader.value.announce(0..<Int64(bytes.count))
      await withTaskGroup(of: Bool.self) { group in
        for offset in stride(from: 0, to: bytes.count, by: 300_000) {
          group.addTask {
            let got = try? await subject.read(reader.value, at: Int64(offset), 300_000).bytes
            return got == Array(bytes[offset..<min(offset + 300_000, bytes.count)])
          }
        }
        for await isRight in group { #expect(isRight, "SEED=\(random.seed)") }
      }
    }
  }

  @Test("reads on from another data node when one dies or lies, and says so when all lie")
  func replicas() async throws {
    let server = try await HDFSServer.running
    try await Bench.run { () async throws in
      var random = SeededRandom()
      let fileSystem = try await server.fileSystem()
      let subject = UFSSubject(fileSystem: fileSystem, keepAlive: server)
      let bytes = random.bytes(5 << 20)
      for name in ["dies", "lies", "all lie"] { try await subject.put(name, bytes) }

      let liar = try #require(
        try await fileSystem.open("lies", expecting: nil) as? HDFSReader)
      try await server.corrupt(liar.blocks[1].block, at: liar.blocks[1].nodes[0])
      #expect(try await subject.contents("lies") == bytes)

      let liars = try #require(
        try await fileSystem.open("all lie", expecting: nil) as? HDFSReader)
      for node in liars.blocks[1].nodes {
        try await server.corrupt(liars.blocks[1].block, at: node)
      }
      do {
        _ = try await subject.contents("all lie")
        Issue.record("wrong bytes were served")
      } catch let error as UFSError {
        #expect(error.code == .io)
        #expect(error.description.contains("blk_\(liars.blocks[1].block.id)"))
      }

      let reader = try #require(
        try await fileSystem.open("dies", expecting: nil) as? HDFSReader)
      reader.announce(0..<Int64(bytes.count))
      var got = try await subject.read(reader, at: 0, 600_000).bytes
      let node = try #require(
        server.index(ofDataPort: fileSystem.ring.dataNodes.ordered(reader.blocks[0].nodes)[0].port))
      server.killDataNode(node)
      while got.count < bytes.count {
        got += try await subject.read(reader, at: Int64(got.count), 600_000).bytes
      }
      #expect(got == bytes)
      try await subject.put("written without it", bytes)
      #expect(try await subject.contents("written without it") == bytes)
      try server.startDataNode(node)
      try await server.dataNodes(2)
    }
  }

  @Test(
    "passes over a data node that hangs in seconds, in a stream and at its start, while another has the block"
  )
  func hangingDataNode() async throws {
    let server = try await HDFSServer.running
    try await Bench.run { () async throws in
      var random = SeededRandom()
      var options = HDFSOptions()
      options.replicaTime = .seconds(1)
      let fileSystem = try await server.fileSystem(options)
      let subject = UFSSubject(fileSystem: fileSystem, keepAlive: server)
      let bytes = random.bytes(5 << 20)
      var opened: HDFSReader?
      // A node that was away a moment ago may be passed over, and gets such copies minutes later.
      repeat {
        try await subject.put("f", bytes)
        opened = try await fileSystem.open("f", expecting: nil) as? HDFSReader
      } while opened?.blocks.allSatisfy({ $0.nodes.count == 2 }) == false
      let reader = try #require(opened)
      reader.announce(0..<Int64(bytes.count))
      var got = try await subject.read(reader, at: 0, 600_000).bytes
      let node = try #require(
        server.index(ofDataPort: fileSystem.ring.dataNodes.ordered(reader.blocks[0].nodes)[0].port))
      server.pauseDataNode(node)
      defer { server.resumeDataNode(node) }
      let start = fileSystem.ring.now
      while got.count < bytes.count {
        got += try await subject.read(reader, at: Int64(got.count), 600_000).bytes
      }
      #expect(got == bytes, "SEED=\(random.seed)")
      #expect(try await subject.contents("f") == bytes, "SEED=\(random.seed)")
      // Its silence alone would be a minute.
      #expect(fileSystem.ring.now - start < 30_000_000_000)
    }
  }

  @Test("ends at the deadline of who asks: at a name node and at a data node that say nothing")
  func deadlines() async throws {
    let server = try await HDFSServer.running
    try await Bench.run { () async throws in
      let fileSystem = try await server.fileSystem()
      let subject = UFSSubject(fileSystem: fileSystem, keepAlive: server)
      let bytes = [UInt8](repeating: 7, count: 3 << 20)
      try await subject.put("f", bytes)
      let reader = try await fileSystem.open("f", expecting: nil)
      for node in 0..<2 { server.pauseDataNode(node) }
      defer { for node in 0..<2 { server.resumeDataNode(node) } }
      let ring = fileSystem.ring
      var start = ring.now
      let read = await subject.code { _ in
        try await UFSDeadline.run(ring.now + 2_000_000_000) { () async throws(UFSError) in
          _ = try await subject.read(reader, at: 0, 1000)
        }
      }
      #expect(read == .unavailable)
      #expect(ring.now - start < 20_000_000_000)
      let mute = try FakeNameNode(answering: nil, on: try BlockingPool(name: "mute", threads: 1))
      let control = FlowControl()
      let silent = try await server.fileSystem(only: mute.port, flow: control)
      start = ring.now
      let asked = await subject.code { _ in
        try await UFSDeadline.run(ring.now + 1_000_000_000) { () async throws(UFSError) in
          _ = try await silent.status(of: "f")
        }
      }
      #expect(asked == .unavailable)
      #expect(ring.now - start < 20_000_000_000)
      let given = Task(executorPreference: ring.reactor) {
        await subject.code { _ in try await silent.status(of: "g") }
      }
      while control.inFlightCount == 0 { await ring.reactor.sleep(for: .zero) }
      given.cancel()
      #expect(await given.value == .unavailable, "a question that is given up ends")
      withExtendedLifetime(mute) {}
    }
  }

  @Test("does all it does with one slot, and has nothing in flight when nobody waits")
  func oneSlot() async throws {
    let server = try await HDFSServer.running
    try await Bench.run { () async throws in
      var limits = FlowLimits()
      limits.countMax = 1
      let control = FlowControl(limits: limits)
      var random = SeededRandom()
      let subject = UFSSubject(
        fileSystem: try await server.fileSystem(flow: control), keepAlive: server)
      let bytes = random.bytes(3 << 20)
      try await subject.put("f", bytes)
      #expect(control.inFlightCount == 0)
      let reader = Held(try await subject.fileSystem.open("f", expecting: nil))
      reader.value.announce(0..<Int64(bytes.count))
      #expect(try await subject.read(reader.value, at: 0, 1000).bytes == Array(bytes[..<1000]))
      // The stream rests: others take its slot.
      #expect(control.inFlightCount == 0)
      await withTaskGroup(of: Bool.self) { group in
        for offset in stride(from: 2000, to: bytes.count, by: 300_000) {
          group.addTask {
            let got = try? await subject.read(reader.value, at: Int64(offset), 300_000).bytes
            return got == Array(bytes[offset..<min(offset + 300_000, bytes.count)])
          }
        }
        for offset in [5, 1 << 20, 2 << 20] {
          group.addTask {
            let got = try? await subject.read(reader.value, at: Int64(offset), 10).bytes
            return got == Array(bytes[offset..<offset + 10])
          }
        }
        group.addTask { (try? await subject.put("g", bytes)) != nil }
        group.addTask { (try? await subject.entries(""))?.isEmpty == false }
        for await isRight in group { #expect(isRight, "SEED=\(random.seed)") }
      }
      await reader.value.close()
      #expect(control.inFlightCount == 0)
      let counts = control.statistics.filter { $0.counts.sent > 0 }
      #expect(Set(counts.map(\.verb)) == [.get, .put, .list, .head, .delete])
    }
  }

  @Test("is unavailable while its name node is away, and heals")
  func nameNodeAway() async throws {
    let server = try await HDFSServer.running
    try await Bench.run { () async throws in
      let subject = UFSSubject(fileSystem: try await server.fileSystem(), keepAlive: server)
      try await subject.put("f", [1, 2, 3])
      server.killNameNode()
      #expect(await subject.code { try await $0.status(of: "f") } == .unavailable)
      #expect(await subject.code { try await $0.open("f", expecting: nil) } == .unavailable)
      #expect(await subject.code { try await $0.create("g", .exclusive) } == .unavailable)
      try server.startNameNode()
      try await server.dataNodes(2)
      var code = await subject.code { _ in try await subject.put("g", [4]) }
      // Safe mode ends with the data nodes' reports.
      while code == .unavailable {
        code = await subject.code { _ in try await subject.put("g", [4]) }
      }
      #expect(code == nil)
      #expect(try await subject.contents("f") == [1, 2, 3])
    }
  }

  @Test("is found at the other name node when one is standby or gone")
  func failover() async throws {
    let server = try await HDFSServer.running
    let standby = try FakeNameNode(
      answering: HDFSException(name: "org.apache.hadoop.ipc.StandbyException", message: "standby"),
      on: try Bench.pool)
    try await Bench.run { () async throws in
      for port in [standby.port, 1] {
        let fileSystem = try await server.fileSystem(before: [port])
        #expect(try await fileSystem.status(of: "").kind == .directory)
        #expect(fileSystem.cluster.active.load(ordering: .relaxed) == 1)
      }
    }
  }

  @Test("refuses a cluster that wants Kerberos, and a user without permission, as denied")
  func denied() async throws {
    let server = try await HDFSServer.running
    let secure = try FakeNameNode(
      answering: HDFSException(
        name: "org.apache.hadoop.security.AccessControlException",
        message: "SIMPLE authentication is not enabled.  Available:[TOKEN, KERBEROS]"),
      fatally: true, on: try Bench.pool)
    try await Bench.run { () async throws in
      let refused = try await server.fileSystem(only: secure.port)
      do {
        _ = try await refused.status(of: "")
        Issue.record("nobody refused")
      } catch let error as UFSError {
        #expect(error.code == .denied)
        #expect(error.description.contains("Kerberos"))
      }
      let stranger = UFSSubject(
        fileSystem: try await server.fileSystem(user: "stranger"), keepAlive: server)
      #expect(await stranger.code { _ in try await stranger.put("f", [1]) } == .denied)
    }
  }
}

/// A reader that child tasks on the same ring use.
private struct Held: @unchecked Sendable {
  let value: any UFSReader

  init(_ value: any UFSReader) { self.value = value }
}
