// The workers of a coordinator: who they are, when they were last heard of, what they say of themselves.
//
//   registered ─▶ ONLINE ──silent, or leaving──▶ LOST ──registers──▶ ONLINE
//                                                  └──lost for long──▶ removed

import Messages
import Model
import Scheduler
import Synchronization

/// Keeps the list of workers; callable from any thread, and without a clock of its own.
final class NodeDirectory: Sendable {
  /// A moment by both clocks.
  struct Moment: Sendable {
    /// Monotonic nanoseconds.
    var ticks: UInt64
    /// Milliseconds since 1970.
    var date: Int64

    /// A moment of its parts.
    init(ticks: UInt64, date: Int64) { (self.ticks, self.date) = (ticks, date) }

    /// Now.
    static var now: Moment { Moment(ticks: Coordinator.ticks(), date: Coordinator.date()) }
  }

  /// Whether a registration is let in.
  enum Admission: Equatable {
    /// It is, under a lease to be shown in heartbeats; `before` is what the worker held when it was last heard of.
    case admitted(lease: UInt64, before: HeldCensus?)
    /// Another worker of that identity is there.
    case inUse(by: String)
  }

  fileprivate struct Member {
    var report: WorkerReport
    var identity: WorkerIdentity
    var lease: UInt64
    var heardAt: UInt64
    var lostAt: UInt64?
  }

  private let members = Mutex<[String: Member]>([:])

  /// Nobody yet.
  init() {}

  // MARK: Changes

  /// Takes a worker in that has registered.
  ///
  /// One whose namesake at another address spoke in the last `quiet` nanoseconds is not: two workers with one identity
  /// would take each other's place again and again.
  func admit(
    _ card: WireWorker, _ identity: WorkerIdentity, capacity: [TierUse], held: HeldCensus,
    lease: UInt64, quiet: UInt64, now: Moment
  ) -> Admission {
    let report = WorkerReport(
      card: card, state: .online, capacity: capacity, held: held, registeredAt: now.date,
      heardAt: now.date)
    return members.withLock { members in
      let known = members[card.id]
      if let known, known.lostAt == nil, known.report.card.incarnation != card.incarnation,
        known.report.address != report.address, now.ticks &- known.heardAt < quiet
      {
        return .inUse(by: known.report.address)
      }
      members[card.id] = Member(
        report: report, identity: identity, lease: lease, heardAt: now.ticks)
      return .admitted(lease: lease, before: known?.report.held)
    }
  }

  /// Takes a worker's heartbeat; nil when it has no lease, else who it is.
  func hear(_ heartbeat: WireHeartbeatRequest, now: Moment) -> WorkerIdentity? {
    members.withLock { members in
      guard var member = members[heartbeat.workerID], member.lease == heartbeat.leaseID,
        member.report.card.incarnation == heartbeat.incarnation, member.lostAt == nil
      else { return nil }
      member.heardAt = now.ticks
      member.report.heardAt = now.date
      member.report.capacity = heartbeat.capacity.map(TierUse.init)
      member.report.held = HeldCensus(
        files: heartbeat.heldFiles, bytes: heartbeat.heldBytes, unnamed: member.report.held.unnamed)
      if heartbeat.isLeaving { member.lose(at: now.ticks) }
      members[heartbeat.workerID] = member
      return member.identity
    }
  }

  /// Takes the workers for lost that were silent for `silence` nanoseconds; returns them.
  func findSilent(_ silence: UInt64, now: Moment) -> [(WorkerIdentity, WorkerReport)] {
    members.withLock { members in
      var lost: [(WorkerIdentity, WorkerReport)] = []
      for (key, member) in members {
        guard member.lostAt == nil, now.ticks &- member.heardAt > silence else { continue }
        members[key]?.lose(at: now.ticks)
        lost.append((member.identity, member.report))
      }
      return lost
    }
  }

  /// Removes the workers that are lost for `life` nanoseconds; returns them.
  func removeLost(_ life: UInt64, now: Moment) -> [(WorkerIdentity, WorkerReport)] {
    members.withLock { members in
      let gone = members.filter { _, member in
        member.lostAt.map { now.ticks &- $0 > life } ?? false
      }
      for key in gone.keys { members[key] = nil }
      return gone.values.map { ($0.identity, $0.report) }
    }
  }

  // MARK: Questions

  /// All workers, by address, with what the scheduler says of them.
  func reports(_ states: [WorkerIdentity: WorkerState] = [:]) -> [WorkerReport] {
    let all = members.withLock { Array($0.values) }
    let reports = all.map { member in
      var report = member.report
      report.take(states[member.identity])
      return report
    }
    return reports.sorted { ($0.address, $0.card.id) < ($1.address, $1.card.id) }
  }
}

extension NodeDirectory.Member {
  /// The worker is lost from now on.
  fileprivate mutating func lose(at ticks: UInt64) {
    lostAt = ticks
    report.state = .lost
  }
}
