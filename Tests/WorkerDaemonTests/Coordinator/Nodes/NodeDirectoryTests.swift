import Messages
import Model
import Scheduler
import Testing

@testable import WorkerDaemon

@Suite("NodeDirectory")
struct NodeDirectoryTests {
  private static let id = "01234567-89ab-4def-8123-456789abcdef"
  private static let identity = WorkerIdentity(high: 1, low: 2)
  private let directory = NodeDirectory()

  private func card(_ host: String = "10.0.0.1", incarnation: UInt64 = 1) -> WireWorker {
    .make {
      $0.id = Self.id
      ($0.host, $0.rpcPort, $0.incarnation) = (host, 29999, incarnation)
    }
  }

  private func moment(_ ticks: UInt64) -> NodeDirectory.Moment {
    NodeDirectory.Moment(ticks: ticks, date: Int64(ticks) + 1000)
  }

  private func admit(
    _ card: WireWorker, lease: UInt64, at ticks: UInt64, files: UInt64 = 0
  ) -> NodeDirectory.Admission {
    directory.admit(
      card, Self.identity, capacity: [TierUse(tier: "MEM", total: 100, used: 1)],
      held: HeldCensus(files: files, bytes: files, unnamed: 0), lease: lease, quiet: 30,
      now: moment(ticks))
  }

  private func beat(_ lease: UInt64, incarnation: UInt64 = 1, leaves: Bool = false)
    -> WireHeartbeatRequest
  {
    .make {
      ($0.workerID, $0.leaseID, $0.incarnation) = (Self.id, lease, incarnation)
      ($0.heldFiles, $0.heldBytes, $0.isLeaving) = (7, 70, leaves)
      $0.capacity = [.make { ($0.tier, $0.totalBytes, $0.usedBytes) = ("MEM", 100, 70) }]
    }
  }

  @Test("a worker is online while it is heard of, lost when silent, and removed when lost for long")
  func life() {
    #expect(admit(card(), lease: 5, at: 0) == .admitted(lease: 5, before: nil))
    #expect(directory.hear(beat(5), now: moment(90)) == Self.identity)
    #expect(directory.findSilent(100, now: moment(150)).isEmpty)
    var state = WorkerState(
      info: WorkerInfo(Self.identity, name: "w"), isLive: true, isSuspect: true, taskCount: 2)
    let report = directory.reports([Self.identity: state])[0]
    #expect(report.state == .online && report.taskCount == 2 && report.isSuspect)
    state.isSuspect = false
    #expect(directory.reports([Self.identity: state])[0].isSuspect == false)
    #expect(report.capacity == [TierUse(tier: "MEM", total: 100, used: 70)])
    #expect((report.held.files, report.heardAt, report.registeredAt) == (7, 1090, 1000))
    #expect(directory.findSilent(100, now: moment(191)).map(\.0) == [Self.identity])
    #expect(directory.findSilent(100, now: moment(192)).isEmpty)
    #expect(directory.reports().map(\.state) == [.lost])
    #expect(directory.hear(beat(5), now: moment(193)) == nil)
    #expect(directory.removeLost(50, now: moment(241)).isEmpty)
    #expect(directory.removeLost(50, now: moment(242)).map(\.0) == [Self.identity])
    #expect(directory.reports().isEmpty)
  }

  @Test("a lost worker that registers again is online, under its new lease only")
  func again() {
    _ = admit(card(), lease: 5, at: 0)
    _ = directory.findSilent(100, now: moment(101))
    let before = HeldCensus(files: 0, bytes: 0, unnamed: 0)
    #expect(admit(card(incarnation: 2), lease: 6, at: 102) == .admitted(lease: 6, before: before))
    #expect(directory.hear(beat(5), now: moment(103)) == nil)
    #expect(directory.hear(beat(6), now: moment(103)) == nil)
    #expect(directory.hear(beat(6, incarnation: 2), now: moment(103)) == Self.identity)
    #expect(directory.reports().map(\.state) == [.online])
  }

  @Test("a worker that says that it stops is lost at once")
  func leaves() {
    _ = admit(card(), lease: 5, at: 0)
    #expect(directory.hear(beat(5, leaves: true), now: moment(1)) == Self.identity)
    #expect(directory.reports().map(\.state) == [.lost])
    #expect(directory.findSilent(100, now: moment(200)).isEmpty)
  }

  @Test("a second worker of an identity is refused while the first is heard of")
  func twins() {
    _ = admit(card(), lease: 5, at: 0)
    let twin = card("10.0.0.2", incarnation: 9)
    #expect(admit(twin, lease: 6, at: 29) == .inUse(by: "10.0.0.1:29999"))
    #expect(directory.hear(beat(5), now: moment(29)) == Self.identity)
    // Started again where it was: nobody else's.
    guard case .admitted = admit(card(incarnation: 2), lease: 7, at: 30) else {
      Issue.record("a worker that was started again is refused")
      return
    }
    guard case .admitted = admit(twin, lease: 8, at: 60) else {
      Issue.record("a worker that moved is refused though it was silent at its old address")
      return
    }
  }

  @Test("a worker without a host is told by the address that its connection comes from")
  func peers() {
    #expect(WorkerRegistry.host(of: "ipv4:10.0.0.7:4711") == "10.0.0.7")
    #expect(WorkerRegistry.host(of: "ipv6:%5Bfe80::1%5D:4711") == "fe80::1")
    #expect(WorkerRegistry.host(of: "ipv6:[::1]:4711") == "::1")
    #expect(WorkerRegistry.host(of: "unix:") == "localhost")
  }
}
