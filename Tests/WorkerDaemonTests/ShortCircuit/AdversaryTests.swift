import CLinux
import DaemonDriver
import Glibc
import LocalWire
import Model
import Ring
import TestSupport
import Testing

@testable import WorkerDaemon

/// A file of four pages that is open, and its leased pages.
private struct Prepared {
  let file: OpenedFrame
  let pages: [LeasedPage]

  init(_ client: LocalClient) throws {
    file = try client.open("/a")
    pages = try client.lease(file.handle, [0..<4])
  }
}

private func code(_ body: () throws -> Void) -> LocalCode? {
  do { try body() } catch { return (error as? ErrorFrame)?.code }
  return nil
}

@Suite("Short circuit: clients that mean harm, or die")
struct AdversaryTests {
  private func fixture(
    _ definitions: [String] = [], change: (inout ShortCircuitSettings) -> Void = { _ in }
  ) throws -> LocalFixture {
    let fixture = try LocalFixture(definitions, change: change)
    fixture.ufs.put("a", pattern(262_144, seed: 7), token: "v1")
    return fixture
  }

  @Test("forged handles, pages and ranges are refused, and touch nobody")
  func forged() async throws {
    let fixture = try fixture()
    defer { fixture.stop() }
    try await fixture.withClient { client in
      let mine = try Prepared(client)
      let other = try LocalClient(fixture.path)
      try other.hello()
      for handle in [mine.file.handle, 0, .max] {
        #expect(code { _ = try other.lease(handle, [0..<1]) } == .invalid)
        #expect(code { _ = try other.read(handle, 0, 1) } == .invalid)
        try other.send(.close(handle: handle))
      }
      let far = try client.lease(mine.file.handle, [4..<5, 0x7FFF_FFFF..<0x8000_0000])
      #expect(far.map(\.failure) == [.invalid, .invalid])
      try other.send(.release(mine.pages.map(\.mark)))
      try other.settle()
      #expect(mine.pages.allSatisfy(client.isLive))
      #expect(try client.lease(mine.file.handle, [0..<1])[0].failure == nil)
    }
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
  }

  @Test("a lease that was released once cannot be released again, nor ended by a forged mark")
  func replayed() async throws {
    let fixture = try fixture()
    defer { fixture.stop() }
    try await fixture.withClient(leases: 4) { client in
      let old = try Prepared(client)
      try client.send(.release(old.pages.map(\.mark)))
      let new = try client.lease(old.file.handle, [0..<4])
      #expect(Set(new.map(\.mark.slot)) == Set(old.pages.map(\.mark.slot)))
      try client.send(.release(old.pages.map(\.mark)))
      var forged: [LeaseMark] = []
      for slot in UInt32(0)..<64 {
        for generation in [UInt32(0), 1, 3, .max] {
          forged.append(LeaseMark(slot: slot == 63 ? .max : slot, generation: generation))
        }
      }
      try client.send(.release(forged))
      try client.settle()
      #expect(new.allSatisfy(client.isLive))
      #expect(fixture.server.shared.memory.leases == 4)
      #expect(try client.bytes(of: new[0]) == Array(pattern(262_144, seed: 7)[..<65536]))
      guard case .renewed(let held, _) = try client.ask(.renew(forged + old.pages.map(\.mark)))
      else { throw LocalClientError(description: "RENEW was not answered") }
      #expect(held == 4)
    }
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
  }

  @Test("what is no frame ends its connection with a reason, and nobody else's")
  func brokenFrames() async throws {
    let fixture = try fixture()
    defer { fixture.stop() }
    func head(_ length: UInt32, _ type: UInt16, _ zero: UInt16 = 0, _ request: UInt64 = 5)
      -> [UInt8]
    {
      var writer = FrameWriter()
      writer.word32(length)
      writer.word16(type)
      writer.word16(zero)
      writer.word64(request)
      return writer.bytes
    }
    let broken: [[UInt8]] = [
      head(65_537, 2), head(.max, 4), head(0, 0), head(0, 0x84), head(0, 9, 1), head(0, 9, 0, 0),
      head(3, 3) + [1, 2, 3], head(12, 5) + [255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0],
      head(1, 9) + [0], Array(repeating: 0xFF, count: 4096),
    ]
    try await fixture.withClient { client in
      let witness = try Prepared(client)
      for bytes in broken {
        let other = try LocalClient(fixture.path)
        try other.hello()
        try other.sendRaw(bytes)
        #expect(try other.end() == .protocolBroken)
        let silent = try LocalClient(fixture.path)
        try silent.sendRaw(bytes)
        #expect(try silent.end() == .protocolBroken)
      }
      #expect(witness.pages.allSatisfy(client.isLive))
      try client.settle()
    }
    #expect(fixture.counters.value(.broken) == UInt64(broken.count * 2))
  }

  @Test("HELLO comes first, once, in time, and to whom it is meant")
  func hello() async throws {
    let fixture = try fixture { $0.helloTimeout = .seconds(1) }
    defer { fixture.stop() }
    try await fixture.onThread {
      func client() throws -> LocalClient { try LocalClient(fixture.path) }
      let early = try client()
      try early.send(.ping)
      #expect(try early.end() == .protocolBroken)
      let twice = try client()
      try twice.hello()
      try twice.send(.hello(HelloFrame(leases: 1, window: 0)))
      #expect(try twice.end() == .protocolBroken)
      #expect(try client().end() == .protocolBroken, "silence is not waited for")
      func refusal(_ hello: HelloFrame) throws -> LocalCode? {
        let client = try client()
        try client.send(.hello(hello))
        return try client.end()
      }
      #expect(try refusal(HelloFrame(versions: 2...9, leases: 1, window: 0)) == .mismatch)
      #expect(try refusal(HelloFrame(leases: 1, window: 0, cluster: "c2")) == .mismatch)
      let stranger = WorkerIdentity(high: 1, low: 2)
      #expect(try refusal(HelloFrame(leases: 1, window: 0, worker: stranger)) == .mismatch)
      let known = try client()
      try known.hello(worker: LocalFixture.identity, cluster: "c1")
    }
    #expect(fixture.counters.value(.helloLate) == 1)
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
  }

  @Test("a request's number is not used twice at once, and frames may come in any pieces")
  func pieces() async throws {
    let fixture = try fixture()
    defer { fixture.stop() }
    try await fixture.withClient { client in
      var writer = FrameWriter()
      ClientFrame.open(OpenFrame("/a", kind: .alluxio)).write(77, to: &writer)
      for byte in writer.bytes { try client.sendRaw([byte]) }
      guard case .opened(let file) = try client.answer(77).0 else {
        throw LocalClientError(description: "OPEN was not answered")
      }
      var many = FrameWriter()
      for request in UInt64(100)..<400 {
        ClientFrame.read(
          ReadFrame(handle: file.handle, offset: Int64(request), length: 1000)
        ).write(request, to: &many)
      }
      try client.sendRaw(many.bytes)
      var answered: Set<UInt64> = []
      while answered.count < 300, let (head, frame, payload) = try client.next() {
        guard case .data(let data) = frame else { continue }
        #expect(data.offset == Int64(head.request))
        let expected = pattern(2000, seed: 7)[Int(data.offset)..<Int(data.offset) + 1000]
        #expect(Array(payload[data.range]) == Array(expected))
        answered.insert(head.request)
      }
      #expect(answered.count == 300)
    }
  }

  @Test(
    "who begins a frame and never ends it is cut off; who says nothing, or waits for room, is not")
  func unfinished() async throws {
    let fixture = try fixture { $0.frameTimeout = .milliseconds(200) }
    defer { fixture.stop() }
    try await fixture.onThread {
      let (silent, full, half) = (
        try LocalClient(fixture.path), try LocalClient(fixture.path), try LocalClient(fixture.path)
      )
      for client in [silent, full, half] { try client.hello() }
      // More than the socket takes: whole frames and the head of another one wait for the worker.
      let file = try full.open("/a")
      for _ in 0..<40 {
        try full.send(.read(ReadFrame(handle: file.handle, offset: 0, length: 60_000)))
      }
      try half.settle()
      var writer = FrameWriter()
      ClientFrame.ping.write(77, to: &writer)
      let ping = writer.bytes
      try half.sendRaw(ping + ping.prefix(9))
      #expect(try half.answer(77).0 == .pong)
      #expect(try half.end() == .protocolBroken)
      try silent.settle()
      var answers = 0
      while answers < 40, let (_, frame, _) = try full.next() {
        if case .data = frame { answers += 1 }
      }
      try full.settle()
    }
    #expect(fixture.counters.value(.broken) == 1)
  }

  @Test("a client that dies at any byte of what it says leaves nothing")
  func deaths() async throws {
    let fixture = try fixture()
    defer { fixture.stop() }
    var writer = FrameWriter()
    ClientFrame.hello(HelloFrame(leases: 16, window: 1 << 20)).write(1, to: &writer)
    ClientFrame.open(OpenFrame("/a", kind: .alluxio)).write(2, to: &writer)
    ClientFrame.lease(LeaseFrame(handle: 1, ranges: [0..<4])).write(3, to: &writer)
    ClientFrame.lease(LeaseFrame(handle: 1, ranges: [0..<4], isIntoWindow: true))
      .write(4, to: &writer)
    ClientFrame.read(ReadFrame(handle: 1, offset: 0, length: 262_144)).write(5, to: &writer)
    ClientFrame.renew([]).write(6, to: &writer)
    let script = writer.bytes
    try await fixture.onThread {
      for length in 0...script.count {
        let client = try LocalClient(fixture.path)
        try client.sendRaw(Array(script[..<length]))
        // Half of them wait for answers first, so that leases are held when they go.
        if length % 2 == 0, length >= 84 { _ = try client.next() }
      }
    }
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
    try await fixture.withClient { client in _ = try Prepared(client) }
  }

  @Test("a client killed with -9 holds nothing a moment later")
  func killed() async throws {
    let fixture = try fixture()
    defer { fixture.stop() }
    try await fixture.onThread {
      let script = """
        import os, socket, struct, sys, signal
        s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
        def frame(kind, request, body): s.sendall(struct.pack('<IHHQ', len(body), kind, 0, request) + body)
        frame(1, 1, b'PENSHORT' + struct.pack('<HHIQ', 1, 1, 64, 1 << 20) + bytes(16) + struct.pack('<H', 0))
        frame(2, 2, struct.pack('<HHI', 0, 2, 0) + b'/a')
        s.recv(65536); s.recv(65536)
        frame(4, 3, struct.pack('<IIIII', 1, 0, 1, 0, 4))
        data = b''
        while len(data) < 16 + 8 + 4 * 32: data += s.recv(65536)
        os.kill(os.getpid(), signal.SIGKILL)
        """
      let run = try CommandRun(["python3", "-c", script, fixture.path])
      #expect(run.status == .signal(SIGKILL), "\(run.errors)")
    }
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
    #expect(fixture.counters.value(.leaseEnded) == 4)
  }

  @Test("a client that never gives back is told noSlot and noRoom; others go on")
  func greedy() async throws {
    let fixture = try fixture(["leased.max=128KB"])
    defer { fixture.stop() }
    try await fixture.withClient(leases: 8) { greedy in
      let file = try greedy.open("/a")
      let pages = try greedy.lease(file.handle, [0..<4])
      #expect(pages.count { $0.failure == nil } == 2)
      #expect(pages.count { $0.failure == .noRoom } == 2)
      let other = try LocalClient(fixture.path)
      try other.hello(leases: 1)
      let theirs = try other.open("/a")
      #expect(try other.lease(theirs.handle, [3..<4])[0].failure == nil)
      #expect(try other.lease(theirs.handle, [2..<3])[0].failure == .noSlot)
    }
  }

  @Test("all clients together lease a fourth of the memory tier at most")
  func together() async throws {
    let fixture = try LocalFixture(capacity: 2 << 20)
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(1 << 20, seed: 1), token: "v1")
    #expect(fixture.server.shared.memory.limit == 512 << 10)
    try await fixture.withClient { client in
      let file = try client.open("/a")
      let pages = try client.lease(file.handle, [0..<16])
      #expect(pages.count { $0.failure == nil } == 8)
      #expect(pages.count { $0.failure == .noRoom } == 8)
      let other = try LocalClient(fixture.path)
      try other.hello()
      let theirs = try other.open("/a")
      let again = try other.lease(theirs.handle, [0..<16])
      #expect(again.count { $0.failure == nil } == 8, "the same pages cost nothing more")
      #expect(fixture.server.shared.memory.bytes == 512 << 10)
    }
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
  }

  @Test("a client that does not take its answers is read no further, and holds a bounded heap")
  func slow() async throws {
    let fixture = try fixture()
    defer { fixture.stop() }
    try await fixture.withClient { client in
      let file = try client.open("/a")
      _ = try client.lease(file.handle, [0..<4])
      var writer = FrameWriter()
      for request in UInt64(1000)..<1400 {
        ClientFrame.read(ReadFrame(handle: file.handle, offset: 0, length: 60_000))
          .write(request, to: &writer)
      }
      let bytes = writer.bytes
      try client.sendRaw(bytes)
      let other = try LocalClient(fixture.path)
      try other.hello()
      try other.settle()
      #expect(fixture.counters.value(.requestRead) < 100, "the rest waits in the socket")
      var answered = 0
      while answered < 400, let (_, frame, _) = try client.next() {
        if case .data = frame { answered += 1 }
      }
      #expect(answered == 400)
    }
  }

  @Test(
    "clients that leave their answers fill the queues of a ring, and the one too many is cut off")
  func cutOff() async throws {
    let fixture = try LocalFixture(rings: 1) { $0.queuedBytesMax = 5 << 20 }
    defer { fixture.stop() }
    let bytes = pattern(4 << 20, seed: 7)
    fixture.ufs.put("a", bytes, token: "v1")
    try await fixture.withClient { client in
      let read = ClientFrame.read(ReadFrame(handle: 1, offset: 0, length: 4 << 20))
      #expect(try client.open("/a").handle == 1)
      let request = try client.send(read)
      // Its first bytes are there: the others wait in the queue.
      var byte: UInt8 = 0
      #expect(recv(client.fd, &byte, 1, Int32(MSG_PEEK)) == 1)
      let greedy = try LocalClient(fixture.path)
      try greedy.hello()
      #expect(try greedy.open("/a").handle == 1)
      try greedy.send(read)
      var (count, isEnded) = (0, false)
      while !isEnded {
        do {
          guard let (_, frame, _) = try greedy.next() else {
            isEnded = true
            break
          }
          if case .data = frame { count += 1 }
        } catch { isEnded = true }
      }
      #expect(count == 0, "its answer was thrown away")
      let answer = 1...4 << 20 + 64
      // The other's is let go a moment after its connection.
      let deadline = ContinuousClock.now + .seconds(20)
      while !answer.contains(fixture.server.report.queuedBytes), ContinuousClock.now < deadline {
        sched_yield()
      }
      let queued = fixture.server.report.queuedBytes
      #expect(answer.contains(queued), "\(queued) bytes of the first client's answer")
      let (frame, payload) = try client.answer(request)
      guard case .data(let data) = frame else {
        throw LocalClientError(description: "READ was not answered by DATA")
      }
      #expect(Array(payload[data.range]) == bytes, "the others go on")
      try client.settle()
      #expect(fixture.server.report.queuedBytes == 0)
    }
    try await fixture.waitForNobody()
    #expect(fixture.counters.value(.queuedBytes) == 0)
  }

  @Test("no descriptor that a client gets can be written, grown, shrunk or punched")
  func descriptors() async throws {
    let fixture = try fixture()
    defer { fixture.stop() }
    try await fixture.withClient(window: 1 << 20) { client in
      let mine = try Prepared(client)
      let arena = try #require(client.regions[1])
      for descriptor in [arena, client.tableDescriptor, client.windowDescriptor] {
        try Self.attack(descriptor)
        // The same memory by its name in /proc is as closed.
        let again = Glibc.open("/proc/self/fd/\(descriptor)", O_RDWR | O_CLOEXEC)
        if again >= 0 {
          try Self.attack(again)
          close(again)
        }
      }
      #expect(try client.bytes(of: mine.pages[0]) == Array(pattern(65536, seed: 7)))
      #expect(mine.pages.allSatisfy(client.isLive))
      try client.settle()
    }
  }

  private static func attack(_ descriptor: Int32) throws {
    var byte: UInt8 = 1
    #expect(pwrite(descriptor, &byte, 1, 0) == -1)
    #expect(ftruncate(descriptor, 0) == -1)
    #expect(ftruncate(descriptor, 1 << 40) == -1)
    #expect(pen_add_seals(descriptor, 0x10) < 0)
    // FALLOC_FL_KEEP_SIZE with PUNCH_HOLE, and ZERO_RANGE.
    typealias Allocate = @convention(c) (Int32, Int32, off_t, off_t) -> Int32
    let symbol = try #require(dlsym(UnsafeMutableRawPointer(bitPattern: 0), "fallocate"))
    let allocate = unsafeBitCast(symbol, to: Allocate.self)
    #expect(allocate(descriptor, 0x01 | 0x02, 0, 4096) == -1)
    #expect(allocate(descriptor, 0x10, 0, 4096) == -1)
    #expect(mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) == MAP_FAILED)
    let readable = try #require(mmap(nil, 4096, PROT_READ, MAP_SHARED, descriptor, 0))
    #expect(readable != MAP_FAILED)
    #expect(mprotect(readable, 4096, PROT_READ | PROT_WRITE) == -1)
    #expect(pen_madvise_remove(readable, 4096) < 0)
    munmap(readable, 4096)
  }

  @Test("a user who is not allowed is told so, and nothing else")
  func denied() async throws {
    let fixture = try fixture(["shared.users=none", "allowed.users=65534"])
    defer { fixture.stop() }
    try await fixture.onThread {
      let end = try LocalClient(fixture.path).end()
      #expect(end == .denied)
    }
    #expect(fixture.counters.value(.denied) == 1)
    #expect(fixture.server.connectionCount == 0)
  }

  @Test(
    "another user gets copies by default, and nothing when it is not allowed",
    .enabled(if: geteuid() == 0, "becoming another user takes root"))
  func otherUser() async throws {
    let script = """
      import os, socket, struct, sys
      os.setgroups([]); os.setgid(65534); os.setuid(65534)
      s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
      body = b'PENSHORT' + struct.pack('<HHIQ', 1, 1, 64, 0) + bytes(16) + struct.pack('<H', 0)
      try: s.sendall(struct.pack('<IHHQ', len(body), 1, 0, 1) + body)
      except BrokenPipeError: pass
      head = s.recv(16); length, kind, _, _ = struct.unpack('<IHHQ', head)
      payload = s.recv(length)
      print(hex(kind), struct.unpack('<HH', payload[:4])[1 if kind == 0x81 else 0])
      """
    for (definitions, expected) in [
      ([], "0x81 1"), (["shared.groups=65534"], "0x81 0"), (["allowed.users=root"], "0xff 2"),
      (["allowed.users=root", "allowed.groups=65534"], "0x81 1"),
    ] as [([String], String)] {
      let fixture = try fixture(definitions)
      defer { fixture.stop() }
      #expect(chmod(fixture.scratch.path, 0o755) == 0)
      try await fixture.onThread {
        let run = try CommandRun(["/usr/bin/python3", "-c", script, fixture.path])
        #expect(run.output == "\(expected)\n", "\(definitions): \(run.errors)")
      }
    }
  }

  @Test("a user has so many connections and requests, and no more")
  func bounds() async throws {
    let fixture = try fixture(["user.connections.max=3", "user.requests.max=50"])
    defer { fixture.stop() }
    try await fixture.onThread {
      var clients: [LocalClient] = []
      for _ in 0..<3 {
        clients.append(try LocalClient(fixture.path))
        try clients[clients.count - 1].hello()
      }
      #expect(try LocalClient(fixture.path).end() == .tooMany)
      var refused = 0
      for _ in 0..<200 where code({ try clients[0].settle() }) == .tooMany { refused += 1 }
      #expect(refused > 0)
    }
    #expect(fixture.counters.value(.tooMany) > 1)
  }
}
