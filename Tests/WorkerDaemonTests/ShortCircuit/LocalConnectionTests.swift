import CLinux
import DaemonDriver
import Glibc
import LocalWire
import Model
import Ring
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

@Suite("Short circuit: what clients are given")
struct LocalConnectionTests {
  @Test("a file is opened, its pages leased in place, read and released")
  func leaseInPlace() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    let bytes = pattern(300_000, seed: 3)
    fixture.ufs.put("a", bytes, token: "v1")
    try await fixture.withClient { client in
      let welcome = try #require(client.welcome)
      #expect(welcome.mode == .shared && welcome.version == 1 && welcome.leases == 64)
      #expect(welcome.worker == LocalFixture.identity && welcome.cluster == "c1")
      let file = try client.open("/a")
      #expect(file.length == 300_000 && file.pageSize == 65536 && file.handle != 0)
      let cold = try client.lease(file.handle, [0..<5])
      #expect(cold.map(\.failure) == Array(repeating: nil, count: 5))
      #expect(cold.allSatisfy { $0.source == .filled && $0.region == 1 })
      #expect(try cold.flatMap { try client.bytes(of: $0) } == bytes)
      #expect(cold.allSatisfy(client.isLive))
      let warm = try client.lease(file.handle, [4..<5, 0..<1])
      #expect(warm.map(\.page) == [4, 0] && warm.allSatisfy { $0.source == .memory })
      #expect(try client.bytes(of: warm[0]) == Array(bytes[262144...]))
      #expect(fixture.server.shared.memory.leases == 7)
      try client.send(.release((cold + warm).map(\.mark)))
      try client.settle()
      #expect(!cold.contains(where: client.isLive))
      #expect(fixture.server.shared.memory.leases == 0)
      let past = try client.lease(file.handle, [4..<7])
      #expect(past.map(\.failure) == [nil, .invalid, .invalid])
    }
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
    #expect(fixture.counters.value(.leaseGiven) == 8 && fixture.counters.value(.leaseEnded) == 1)
  }

  @Test("a greeting and an open of what is known, sent together, are answered in one message")
  func oneMessage() async throws {
    let fixture = try LocalFixture(validity: .seconds(600))
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(100_000, seed: 3), token: "v1")
    try await fixture.withClient { client in
      _ = try client.lease(try client.open("/a").handle, [0..<1])
    }
    let known = fixture.ufs.statusCount
    try await fixture.onThread {
      let client = try LocalClient(fixture.path)
      var writer = FrameWriter()
      ClientFrame.hello(HelloFrame(leases: 64, window: 1 << 20)).write(1, to: &writer)
      ClientFrame.open(OpenFrame("/a", kind: .alluxio, isLeasing: true)).write(2, to: &writer)
      ClientFrame.ping.write(3, to: &writer)
      try client.sendRaw(writer.take())
      var buffer = [UInt8](repeating: 0, count: 65536)
      var found = [Int32](repeating: -1, count: 4)
      var count: Int32 = 0
      // One look: a message with descriptors is never given together with another.
      let received = pen_receive_with(client.fd, &buffer, buffer.count, true, &found, 4, &count)
      for descriptor in found.prefix(Int(count)) { Glibc.close(descriptor) }
      #expect(count == 3, "a lease table, a window and an arena")
      var frames = FrameBuffer()
      buffer[..<max(0, received)].withUnsafeBytes { frames.append($0) }
      var types: [UInt16] = []
      while let (head, _) = try frames.nextFromWorker() { types.append(head.type) }
      #expect(types == [0x81, 0xC0, 0x82, 0x84, 0x89])
    }
    #expect(fixture.ufs.statusCount == known, "nobody was asked")
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
  }

  @Test("pages that are asked into the window lie there, and their units come back")
  func window() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    let bytes = pattern(200_000, seed: 4)
    fixture.ufs.put("a", bytes, token: "v1")
    try await fixture.withClient(window: 128 << 10) { client in
      #expect(client.welcome?.window == 128 << 10)
      let file = try client.open("/a")
      try client.send(.release(try client.lease(file.handle, [0..<4]).map(\.mark)))
      let first = try client.lease(file.handle, [0..<3], isIntoWindow: true)
      #expect(first.map(\.failure) == [nil, nil, .noRoom])
      #expect(first[0].region == 0 && first[1].region == 0)
      #expect(
        try client.bytes(of: first[0]) + client.bytes(of: first[1]) == Array(bytes[..<131072]))
      try client.send(.release([first[0].mark]))
      let again = try client.lease(file.handle, [2..<3], isIntoWindow: true)
      #expect(again[0].failure == nil && again[0].offset == first[0].offset)
      #expect(try client.bytes(of: again[0]) == Array(bytes[131072..<196608]))
      #expect(!client.isLive(first[0]) && client.isLive(first[1]))
    }
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
  }

  @Test("a client in copy mode gets its bytes, and no descriptor of the arena")
  func copyMode() async throws {
    let fixture = try LocalFixture(["shared.users=none"])
    defer { fixture.stop() }
    let bytes = pattern(100_000, seed: 5)
    fixture.ufs.put("a", bytes, token: "v1")
    try await fixture.withClient(window: 1 << 20) { client in
      #expect(client.welcome?.mode == .copy)
      let file = try client.open("/a")
      for _ in 0..<2 {
        let pages = try client.lease(file.handle, [0..<2])
        #expect(pages.allSatisfy { $0.region == 0 && $0.failure == nil })
        #expect(try pages.flatMap { try client.bytes(of: $0) } == bytes)
      }
      #expect(client.regions.isEmpty && client.descriptors.isEmpty)
      #expect(fixture.server.shared.memory.leases == 0)
    }
  }

  @Test("READ gives bytes of any range, small and large, to the end of the file")
  func read() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    let bytes = pattern(500_000, seed: 6)
    fixture.ufs.put("a", bytes, token: "v1")
    try await fixture.withClient { client in
      let file = try client.open("/a")
      for _ in 0..<2 {
        for range in [0..<1, 0..<4096, 65530..<65550, 0..<500_000, 400_000..<500_000] {
          let read = try client.read(file.handle, Int64(range.lowerBound), range.count)
          #expect(read == Array(bytes[range]))
        }
      }
      #expect(try client.read(file.handle, 499_990, 4096) == Array(bytes[499_990...]))
      #expect(try client.read(file.handle, 500_000, 1).isEmpty)
      #expect(try client.read(file.handle, .max, 4 << 20).isEmpty)
    }
  }

  @Test("status, directories, missing files and sources that fail are told apart")
  func paths() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    fixture.ufs.put("d/a", [1, 2, 3], token: "v1")
    try await fixture.withClient { client in
      let status = try client.open("/d/a", isStatusOnly: true)
      #expect(status.handle == 0 && status.length == 3 && status.key != FileKey(high: 0, low: 0))
      func code(_ path: String) -> LocalCode? {
        do { _ = try client.open(path) } catch { return (error as? ErrorFrame)?.code }
        return nil
      }
      #expect(code("/none") == .notFound)
      #expect(code("") == .invalid)
      #expect(code("/a\0b") == .invalid)
      fixture.ufs.failStatus(.unavailable)
      #expect(code("/d/b") == .unavailable)
      fixture.ufs.failStatus(.denied)
      #expect(code("/d/c") == .refused)
      fixture.ufs.failStatus(nil)
      let file = try client.open("/d/a")
      fixture.ufs.failReads(.unavailable)
      #expect(try client.lease(file.handle, [0..<1])[0].failure == .unavailable)
      fixture.ufs.failReads(nil)
      #expect(try client.lease(file.handle, [0..<1])[0].failure == nil)
      let cached = try client.open("/d/a")
      #expect(try client.lease(cached.handle, [0..<1], isCachedOnly: true)[0].failure == nil)
    }
  }

  @Test("only what is cached is given to who asks for no more")
  func cachedOnly() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(100_000, seed: 1), token: "v1")
    try await fixture.withClient { client in
      let file = try client.open("/a")
      #expect(
        try client.lease(file.handle, [0..<2], isCachedOnly: true).map(\.failure)
          == [.notCached, .notCached])
      _ = try client.lease(file.handle, [1..<2])
      #expect(
        try client.lease(file.handle, [0..<2], isCachedOnly: true).map(\.failure)
          == [.notCached, nil])
    }
  }

  @Test("one fill serves all clients that want the page, whatever their way")
  func singleFlight() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(65_536, seed: 1), token: "v1")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try await fixture.withClient { client in
            let file = try client.open("/a")
            #expect(try client.lease(file.handle, [0..<1])[0].failure == nil)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(fixture.ufs.readCount == 1)
  }

  @Test("a change of the file is told once; leases on the old version stay what they were")
  func invalidation() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    let old = pattern(65_536, seed: 1)
    fixture.ufs.put("a", old, token: "v1")
    try await fixture.withClient { client in
      let file = try client.open("/a")
      let page = try client.lease(file.handle, [0..<1])[0]
      fixture.ufs.put("a", pattern(65_536, seed: 2), token: "v2")
      let renewed = try client.open("/a")
      #expect(renewed.key != file.key)
      let news = try client.push { frame -> InvalidatedFrame? in
        guard case .invalidated(let news) = frame else { return nil }
        return news
      }
      #expect(news == InvalidatedFrame(handle: file.handle, reason: .changed))
      #expect(try client.bytes(of: page) == old)
      #expect(client.isLive(page))
      let fresh = try client.lease(renewed.handle, [0..<1])[0]
      #expect(try client.bytes(of: fresh) == pattern(65_536, seed: 2))
      fixture.ufs.remove("a")
      #expect(throws: ErrorFrame.self) { try client.open("/a") }
      let gone = try client.push { frame -> InvalidatedFrame? in
        guard case .invalidated(let news) = frame else { return nil }
        return news
      }
      #expect(gone == InvalidatedFrame(handle: renewed.handle, reason: .gone))
      #expect(client.isLive(page) && client.isLive(fresh))
      #expect(try client.lease(file.handle, [0..<1])[0].failure != nil, "versions are not mixed")
      #expect(try client.lease(renewed.handle, [0..<1])[0].failure != nil)
    }
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
  }

  /// The next word that a handle's version is not the present one.
  private func news(_ client: LocalClient) throws -> InvalidatedFrame {
    try client.push { frame -> InvalidatedFrame? in
      guard case .invalidated(let news) = frame else { return nil }
      return news
    }
  }

  @Test(
    "a newer version is told however the worker hears of it, though it has forgotten the old one")
  func newsOfAllWays() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    let files = fixture.service.files
    fixture.ufs.put("d/a", [1, 2, 3], token: "v1")
    try await fixture.withClient { client in
      func fresh() throws -> OpenedFrame {
        let file = try client.open("/d/a")
        // As a full table does with records that nobody asked for lately.
        _ = files.table.removeTree("file:///fake/d")
        return file
      }
      var file = try fresh()
      files.forget("file:///fake/d/a")
      #expect(try news(client) == InvalidatedFrame(handle: file.handle, reason: .changed))
      file = try fresh()
      files.forgetTree("file:///fake/d")
      #expect(try news(client) == InvalidatedFrame(handle: file.handle, reason: .changed))
      file = try fresh()
      let listed = FileStatus(
        ufsPath: "file:///fake/d/a", kind: .file, length: 4, modificationTime: 0,
        version: FileVersion(token: "v2", length: 4))
      _ = try files.record(listed: listed)
      #expect(try news(client) == InvalidatedFrame(handle: file.handle, reason: .changed))
      file = try fresh()
      let place = try files.mounts.locate(ufsPath: listed.ufsPath)
      files.remember(
        listed, at: place, now: 1, epoch: files.table.epoch(of: FileID(ufsPath: listed.ufsPath)))
      #expect(try news(client) == InvalidatedFrame(handle: file.handle, reason: .changed))
      _ = files.table.removeTree("file:///fake/d")
      file = try fresh()
      _ = try files.record(
        listed: FileStatus(
          ufsPath: listed.ufsPath, kind: .file, length: 3, modificationTime: 0,
          version: FileVersion(token: "v1", length: 3)))
      try client.settle()
      #expect(client.pushes.isEmpty, "the same version is no news")
      try client.send(.close(handle: file.handle))
      try client.settle()
      files.forget("file:///fake/d/a")
      try client.settle()
      #expect(client.pushes.isEmpty, "nobody is told of what was closed")
    }
  }

  @Test("a page that is there is leased with the file it is the first of, in one question")
  func openAndLease() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    let bytes = pattern(100_000, seed: 8)
    fixture.ufs.put("a", bytes, token: "v1")
    fixture.ufs.put("empty", [], token: "v1")
    try await fixture.withClient { client in
      func open(_ path: String, isStatusOnly: Bool = false) throws -> (OpenedFrame, LeasedPage?) {
        let frame = OpenFrame(path, kind: .alluxio, isStatusOnly: isStatusOnly, isLeasing: true)
        let request = try client.send(.open(frame))
        let answer = try client.answer(request).0
        if case .error(let error) = answer { throw error }
        guard case .opened(let opened) = answer else {
          throw LocalClientError(description: "OPEN was not answered by OPENED")
        }
        guard opened.isLeaseBehind else { return (opened, nil) }
        guard case .leased(let pages, 0) = try client.answer(request).0, pages.count == 1 else {
          throw LocalClientError(description: "no LEASED of one page came behind OPENED")
        }
        return (opened, pages[0])
      }
      let (cold, missing) = try open("/a")
      #expect(missing == LeasedPage(page: 0, failure: .notCached))
      try client.send(.release(try client.lease(cold.handle, [0..<2]).map(\.mark)))
      let (warm, page) = try open("/a")
      let first = try #require(page)
      #expect(warm.handle != cold.handle && first.failure == nil && client.isLive(first))
      #expect(try client.bytes(of: first) == Array(bytes[..<65_536]))
      #expect(try open("/empty").1 == nil && open("/a", isStatusOnly: true).1 == nil)
      #expect(throws: ErrorFrame.self) { try open("/none") }
      try client.settle()
    }
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
  }

  @Test("the first pages of a cold range are given while the others are still on their way")
  func coldRangeStreams() async throws {
    let gate = ReadGate(permits: 2)
    let fixture = try LocalFixture(ufs: FakeUFS(beforeRead: { await gate.pass() }))
    defer { fixture.stop() }
    let bytes = pattern(8 * 65_536, seed: 9)
    fixture.ufs.put("a", bytes, token: "v1")
    try await fixture.withClient { client in
      let file = try client.open("/a")
      let request = try client.send(.lease(LeaseFrame(handle: file.handle, ranges: [0..<9])))
      var pages: [LeasedPage] = []
      var left: UInt32 = 9
      while left > 0 {
        guard case .leased(let more, let rest) = try client.answer(request).0 else {
          throw LocalClientError(description: "LEASE was not answered by LEASED")
        }
        pages += more
        left = rest
        #expect(Int(left) + pages.count == 9)
        // The others wait at the gate until the first ones were seen.
        if pages.count == 2 { gate.release() }
      }
      #expect(pages.map(\.page) == Array(0..<9) && pages[8].failure == .invalid)
      #expect(try pages[..<8].flatMap { try client.bytes(of: $0) } == bytes)
    }
  }

  @Test("a page that must not be kept is read into the window, and says so")
  func pastTheCache() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    let bytes = pattern(70_000, seed: 2)
    fixture.ufs.put("a", bytes, token: "v1", isSettled: false)
    try await fixture.withClient(window: 1 << 20) { client in
      let file = try client.open("/a")
      for _ in 0..<2 {
        let pages = try client.lease(file.handle, [0..<2])
        #expect(pages.allSatisfy { $0.failure == nil && $0.region == 0 && $0.source == .past })
        #expect(try pages.flatMap { try client.bytes(of: $0) } == bytes)
      }
      #expect(fixture.server.shared.memory.leases == 0)
      try client.settle()
      #expect(fixture.counters.bytes(.domain) == 140_000)
    }
    try await fixture.waitForNobody()
    fixture.expectNothingHeld()
  }

  @Test("CANCEL ends a request that waits; the worker answers it all the same")
  func cancel() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(65_536, seed: 1), token: "v1")
    try await fixture.withClient { client in
      let file = try client.open("/a")
      let number = try client.send(.lease(LeaseFrame(handle: file.handle, ranges: [0..<1])))
      try client.send(.cancel(request: number))
      try client.send(.cancel(request: 999))
      guard case .leased(let pages, _) = try client.answer(number).0 else {
        throw LocalClientError(description: "a cancelled LEASE is answered")
      }
      #expect(pages[0].failure == nil || pages[0].failure == .cancelled)
      try client.settle()
    }
  }

  @Test("bytes count as read when they were sent: what a client leaves is not")
  func sentBytes() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(4 << 20, seed: 5), token: "v1")
    try await fixture.withClient { client in
      let file = try client.open("/a")
      try client.send(.read(ReadFrame(handle: file.handle, offset: 0, length: 4 << 20)))
      var head = [UInt8](repeating: 0, count: FrameHead.size + DataFrame.size)
      // The answer is on its way, and is more than the socket has room for.
      #expect(recv(client.fd, &head, head.count, Int32(MSG_WAITALL)) == head.count)
    }
    try await fixture.waitForNobody()
    #expect(fixture.counters.bytes(.domain) == 0)
    #expect(fixture.service.files.counters.readBytes == 0)
    try await fixture.withClient { client in
      let file = try client.open("/a")
      #expect(try client.read(file.handle, 0, 3 << 20).count == 3 << 20)
      #expect(try client.read(file.handle, 0, 1000).count == 1000)
      _ = try client.lease(file.handle, [0..<2])
      try client.settle()
    }
    #expect(fixture.counters.bytes(.domain) == (3 << 20) + 1000)
    #expect(fixture.counters.bytes(.direct) == 128 << 10)
    #expect(fixture.service.files.counters.readBytes == (3 << 20) + 1000 + (128 << 10))
  }
}
