import Glibc
import LocalWire
import Model
import PageStore
import Ring
import TestSupport
import Testing

@testable import WorkerDaemon

private func revoked(_ client: LocalClient) throws -> RevokedFrame {
  try client.push { frame in
    guard case .revoked(let revoked) = frame else { return nil }
    return revoked
  }
}

@Suite("Short circuit: how leases end")
struct LeaseTimeTests {
  @Test("a lease that is not renewed ends with its term, and its word changes")
  func term() async throws {
    let fixture = try LocalFixture(["lease.term=200ms"])
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(131_072, seed: 1), token: "v1")
    try await fixture.withClient { client in
      let file = try client.open("/a")
      let pages = try client.lease(file.handle, [0..<2])
      let ended = try revoked(client)
      #expect(ended.reason == .term)
      #expect(Set(ended.marks) == Set(pages.map(\.mark)))
      #expect(!pages.contains(where: client.isLive))
      #expect(fixture.server.shared.memory.leases == 0)
    }
    #expect(fixture.counters.value(.leaseTermExpired) == 2)
  }

  @Test("a lease that is renewed lives on, but not beyond the longest hold")
  func hold() async throws {
    let fixture = try LocalFixture(["lease.term=30s", "lease.hold.max=500ms"])
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(65_536, seed: 1), token: "v1")
    try await fixture.withClient { client in
      let file = try client.open("/a")
      let page = try client.lease(file.handle, [0..<1])[0]
      var renewals = 0
      while client.pushes.isEmpty, renewals < 1_000_000 {
        guard case .renewed = try client.ask(.renew(renewals % 2 == 0 ? [] : [page.mark])) else {
          throw LocalClientError(description: "RENEW was not answered")
        }
        renewals += 1
      }
      let ended = try revoked(client)
      #expect(ended == RevokedFrame(.hold, [page.mark]))
      #expect(!client.isLive(page))
    }
    #expect(fixture.counters.value(.leaseTermExpired) == 0)
    let report = fixture.server.report
    #expect(report.expired == 0 && report.heldTooLong == 1)
    #expect(report.text.contains("held too long"))
    #expect(String(decoding: report.json, as: UTF8.self).contains("\"heldTooLong\":1"))
  }

  @Test("memory that the store is short of is asked for, and taken when the grace is over")
  func wanted() async throws {
    let fixture = try LocalFixture(["revoke.grace=100ms"], capacity: 2 << 20)
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(131_072, seed: 1), token: "v1")
    try await fixture.withClient { client in
      let file = try client.open("/a")
      let pages = try client.lease(file.handle, [0..<2])
      // Everything else is held, so that a fill finds no room.
      var fills: [Held] = []
      filling: for index in UInt32(0)..<64 {
        let key = PageKey(file: FileKey(high: 9, low: 9), index: index)
        switch fixture.service.files.store.fill(key, length: 65_536) {
        case .owner(let fill): fills.append(Held(fill))
        // The first refusal has the worker ask for its memory: what follows might be given a revoked page.
        default: break filling
        }
      }
      #expect(fills.count == 30)
      var wanted: [LeaseMark] = []
      while wanted.isEmpty {
        let key = PageKey(file: FileKey(high: 9, low: 9), index: 1000)
        _ = fixture.service.files.store.fill(key, length: 65_536)
        try client.settle()
        for case .wanted(let grace, let marks) in client.pushes {
          #expect(grace == 100)
          wanted += marks
        }
      }
      #expect(wanted.allSatisfy { mark in pages.contains { $0.mark == mark } })
      let ended = try revoked(client)
      #expect(ended.reason == .memory && Set(ended.marks).isSubset(of: Set(pages.map(\.mark))))
      for mark in ended.marks { #expect(client.words?.isLive(mark) == false) }
      fills = []
    }
    #expect(fixture.counters.value(.leaseRevoked) > 0)
  }

  @Test("a stop tells clients, ends all leases within its time, and removes the socket")
  func stop() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(65_536, seed: 1), token: "v1")
    try await fixture.withClient { client in
      let file = try client.open("/a")
      let page = try client.lease(file.handle, [0..<1])[0]
      let idle = try LocalClient(fixture.path)
      try idle.hello()
      let began = ContinuousClock.now
      fixture.service.group.reactors[0].wait {
        await fixture.server.stop(within: .milliseconds(300))
      }
      #expect(began.duration(to: .now) < .seconds(5))
      #expect(!client.isLive(page))
      let left = try client.push { frame -> UInt32? in
        guard case .goAway(1, let left) = frame else { return nil }
        return left
      }
      #expect(left == 300)
      #expect(try revoked(client) == RevokedFrame(.stopping, [page.mark]))
      #expect(try client.next() == nil)
      _ = try idle.push { frame -> Bool? in
        guard case .goAway = frame else { return nil }
        return true
      }
      #expect(try idle.next() == nil)
      #expect(access(fixture.path, F_OK) == -1)
    }
    #expect(fixture.server.connectionCount == 0)
    fixture.expectNothingHeld()
  }

  @Test("a client that gives everything back lets the stop end at once")
  func politeStop() async throws {
    let fixture = try LocalFixture()
    defer { fixture.stop() }
    try await fixture.withClient { client in
      let began = ContinuousClock.now
      fixture.service.group.reactors[0].wait { await fixture.server.stop(within: .seconds(30)) }
      #expect(began.duration(to: .now) < .seconds(10))
      _ = try client.end()
    }
  }
}

/// A fill that a test holds.
private final class Held {
  private var fill: PageFill?
  init(_ fill: consuming PageFill) { self.fill = consume fill }
}
