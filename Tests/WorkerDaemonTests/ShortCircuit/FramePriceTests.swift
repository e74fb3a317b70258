import DaemonDriver
import Glibc
import LocalWire
import Model
import Ring
import Synchronization
import TestSupport
import Testing

@testable import WorkerDaemon

@Suite("Short circuit: what frames cost")
struct FramePriceTests {
  private let marks = (0..<8000).map { LeaseMark(slot: UInt32($0), generation: 7) }

  private func fixture(_ definitions: [String] = [], rings: Int = 1) throws -> LocalFixture {
    let fixture = try LocalFixture(definitions, rings: rings)
    fixture.ufs.put("a", pattern(262_144, seed: 7), token: "v1")
    return fixture
  }

  @Test("a frame costs by its work: pages, leases and bytes, not only its being one")
  func prices() {
    func price(_ frame: ClientFrame, slots: Int = 0) -> Int {
      FramePrice.units(of: frame, slotCount: slots)
    }
    #expect(price(.ping) == 1 && price(.close(handle: 1)) == 1 && price(.cancel(request: 1)) == 1)
    #expect(price(.open(OpenFrame("/a", kind: .alluxio))) == 1)
    #expect(price(.lease(LeaseFrame(handle: 1, ranges: [3..<4]))) == 1)
    #expect(price(.lease(LeaseFrame(handle: 1, ranges: [0..<24, 100..<1100]))) == 65)
    #expect(price(.release(Array(marks.prefix(64)))) == 5 && price(.release(marks)) == 501)
    #expect(price(.renew(Array(marks.prefix(64))), slots: 4096) == 5)
    #expect(price(.renew([]), slots: 64) == 5 && price(.renew([]), slots: 4096) == 257)
    #expect(price(.read(ReadFrame(handle: 1, offset: 0, length: 4096))) == 1)
    #expect(price(.read(ReadFrame(handle: 1, offset: 0, length: 4 << 20))) == 65)
  }

  @Test("who connects again and again is told to come later")
  func greetings() async throws {
    let fixture = try fixture(["user.requests.max=40"])
    defer { fixture.stop() }
    try await fixture.onThread {
      var refused = 0
      // Three in a second, so that of twelve some are refused in whichever seconds they come.
      for _ in 0..<12 {
        let client = try LocalClient(fixture.path)
        do {
          try client.hello()
        } catch let error as ErrorFrame {
          #expect(error.code == .tooMany && (1...1000).contains(error.retryAfter))
          refused += 1
        }
      }
      #expect(refused > 0)
    }
    #expect(fixture.counters.value(.tooMany) > 0)
  }

  @Test("a frame that costs more than a second's units is taken once in a second")
  func overdraft() {
    let account = UserAccount(rateMax: 50)
    let second: UInt64 = 1_000_000_000
    #expect(account.take(65, now: 7 * second))
    #expect(!account.take(1, now: 7 * second + 1))
    #expect(account.take(49, now: 8 * second))
    #expect(account.take(65, now: 8 * second))
    #expect(!account.take(1, now: 9 * second - 1))
    // A ring whose clock is behind does not begin the second anew.
    #expect(account.take(50, now: 9 * second))
    #expect(!account.take(1, now: 9 * second - 1))
    #expect(!account.take(1, now: 9 * second))
  }

  @Test("a renewal of many leases is refused as many requests would be")
  func renewals() async throws {
    let fixture = try fixture(["user.requests.max=1000"])
    defer { fixture.stop() }
    try await fixture.withClient { client in
      var refused = 0
      // 501 units each: two in a second, so that ten have some refused in whichever seconds they come.
      let requests = try (0..<10).map { _ in try client.send(.renew(marks)) }
      for request in requests {
        if case .error(let error) = try client.answer(request).0 {
          #expect(error.code == .tooMany && (1...1000).contains(error.retryAfter))
          refused += 1
        }
      }
      #expect(refused > 0)
    }
  }

  @Test("who gives back more than a second's units waits, and what was given back is")
  func releases() async throws {
    let fixture = try fixture(["user.requests.max=500"])
    defer { fixture.stop() }
    try await fixture.withClient { client in
      let file = try client.open("/a")
      let pages = try client.lease(file.handle, [0..<4])
      // 501 units each: two of them in one second are more than there are.
      for page in pages.prefix(3) { try client.send(.release([page.mark] + marks)) }
      // What comes behind them is looked at in the next second, which the last of them may have spent.
      while code(of: try client.answer(try client.send(.ping)).0) == .tooMany {}
      #expect(pages.map(client.isLive) == [false, false, false, true])
    }
    #expect(fixture.counters.value(.tooMany) > 0)
  }

  private func code(of frame: WorkerFrame) -> LocalCode? {
    if case .error(let error) = frame { error.code } else { nil }
  }

  @Test("a client that says much at once lets others go first")
  func turns() async throws {
    let fixture = try fixture()
    defer { fixture.stop() }
    let reactor = fixture.service.group.reactors[0]
    let count: UInt64 = 2000
    let largest = Mutex<UInt64>(0)
    try await fixture.withClient { client in
      let file = try client.open("/a")
      // 64 leases: renewing them costs 5 units, and what comes in one piece has some 200 such frames.
      for _ in 0..<16 { _ = try client.lease(file.handle, [0..<4]) }
      var writer = FrameWriter()
      for request in 1...count { ClientFrame.renew([]).write(1000 + request, to: &writer) }
      let bytes = writer.bytes
      let counters = fixture.counters
      reactor.spawn {
        // How many frames of the client hold up one turn of the ring.
        var known: UInt64 = 0
        while known < count, !reactor.isStopped {
          await reactor.yield()
          let now = counters.value(.requestRenew)
          largest.withLock { $0 = max($0, now - known) }
          known = now
        }
      }
      try client.sendRaw(bytes)
      guard case .renewed(held: 64, _) = try client.answer(1000 + count).0 else {
        throw LocalClientError(description: "no RENEWED of 64 leases")
      }
    }
    let turn = UInt64(FramePrice.turnMax / 5 + 1)
    #expect(largest.withLock { $0 } > 0)
    #expect(largest.withLock { $0 } <= 2 * turn)
  }
}
