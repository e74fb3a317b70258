// The domain socket: accepts on the first ring, and deals connections out to the rings, each to the one that has the fewest.
//
//   socket file ── accept (ring 0) ── credentials ── ring with fewest ──▶ LocalConnection
//                                          └── not allowed, too many: ERROR and the end

import CLinux
import Glibc
import LocalWire
import Logging
import Model
import PageStore
import Ring
import Synchronization

/// The short-circuit server of a worker.
final class ShortCircuitServer: Sendable {
  /// How often it is looked whether the store is short of memory.
  private static let watchInterval = Duration.milliseconds(250)
  /// How long a stop waits for clients to take what was said last.
  private static let lastBytesLimit = Duration.milliseconds(100)

  /// Descriptors of a connection: its socket, its lease table, its window.
  private static let descriptorsPerConnection = 3

  /// What its connections share.
  let shared: ShortCircuitShared
  /// Where the socket is.
  let place: SocketPlace
  private let reactors: [Reactor]
  private let rings: [ShortCircuitRing]
  private let counts: [RingCount]
  private let listener: Listener
  private let file: FileIdentity
  private let accepting = RingConfined<AcceptHandle?>(nil)
  private let isStopping = Atomic<Bool>(false)
  private let watchTask = Mutex<Task<Void, Never>?>(nil)
  /// Where a stop waits for the last connection.
  private let nobody = Mutex<StopGate?>(nil)

  /// Connections taken: those that are set, or fewer where the process may not open files enough.
  private let connectionCountMax: Int

  private struct FileIdentity: Sendable {
    let value: (device: UInt64, inode: UInt64)?
  }

  private final class RingCount: Sendable {
    let value = Atomic<Int>(0)
  }

  /// Listens at `place` and serves; blocks until the socket is there.
  ///
  /// - Throws: `.directory` when it cannot be made.
  init(_ shared: ShortCircuitShared, at place: SocketPlace, reactors: [Reactor]) throws(StartError)
  {
    self.shared = shared
    self.place = place
    self.reactors = reactors
    rings = reactors.map { ShortCircuitRing(shared, $0) }
    counts = reactors.map { _ in RingCount() }
    let descriptorCount = ProcessState.raiseDescriptorLimit()
    let room = Int(clamping: descriptorCount / 2) / Self.descriptorsPerConnection
    connectionCountMax = min(shared.settings.connectionCountMax, max(1, room))
    listener = try place.listen(mode: shared.settings.mode)
    file = FileIdentity(value: place.identity)
    if !place.removed.isEmpty {
      shared.log.notice(
        "removed sockets of workers that are gone: \(place.removed.joined(separator: ", "))")
    }
    if connectionCountMax < shared.settings.connectionCountMax {
      shared.log.warning(
        "this process may have \(descriptorCount) open files, and the domain socket gets half: \(connectionCountMax) connections at once, not \(shared.settings.connectionCountMax); raise the limit (LimitNOFILE=, ulimit -n), or lower \(Configuration.IntegerKey.shortCircuitConnectionCountMax.rawValue)"
      )
    }
    if !shared.policy.unknown.isEmpty {
      shared.log.warning(
        "the short-circuit keys name who is not known on this system and gets nothing by it: \(shared.policy.unknown.joined(separator: ", ")); correct the names, or give numbers"
      )
    }
    reactors[0].wait { [self] in
      accepting.value = reactors[0].accept(listener) { [self] in accept($0) }
      let task = Task(executorPreference: reactors[0]) { await self.watch() }
      watchTask.withLock { $0 = task }
    }
  }

  // MARK: Connections

  private func accept(_ fd: Int32) {
    shared.counters.count(.accepted)
    guard let peer = LocalPeer(of: fd, groupsWanted: shared.policy.namesGroups) else {
      return turnAway(fd, ErrorFrame(.denied, "the kernel does not say who you are"))
    }
    let mode: WelcomeFrame.Mode
    switch shared.policy.decide(peer) {
    case .shared: mode = .shared
    case .copy: mode = .copy
    case .denied:
      shared.warn(
        "denied \(peer.user)", reactors[0].now,
        "user \(peer.user) (process \(peer.process)) may not use the domain socket: name the user in \(Configuration.StringKey.shortCircuitAllowedUsers.rawValue), or a group in \(Configuration.StringKey.shortCircuitAllowedGroups.rawValue)"
      )
      return turnAway(fd, ErrorFrame(.denied, "user \(peer.user) may not use this socket"))
    }
    guard !isStopping.load(ordering: .relaxed) else {
      return turnAway(fd, ErrorFrame(.stopping, "the worker stops"))
    }
    let total = counts.reduce(0) { $0 + $1.value.load(ordering: .relaxed) }
    guard total < connectionCountMax,
      let account = shared.accounts.enter(peer.user)
    else {
      shared.warn(
        "connections \(peer.user)", reactors[0].now,
        "user \(peer.user) has too many connections to the domain socket: raise \(Configuration.IntegerKey.shortCircuitUserConnectionCountMax.rawValue) or \(Configuration.IntegerKey.shortCircuitConnectionCountMax.rawValue)"
      )
      return turnAway(fd, ErrorFrame(.tooMany, "too many connections", retryAfter: 1000))
    }
    let loads = counts.map { $0.value.load(ordering: .relaxed) }
    let index = loads.indices.min { loads[$0] < loads[$1] } ?? 0
    counts[index].value.add(1, ordering: .relaxed)
    reactors[index].spawn { [self] in
      await rings[index].serve(fd, peer, account, mode)
      counts[index].value.subtract(1, ordering: .relaxed)
      if connectionCount == 0 { nobody.withLock { $0 }?.open() }
    }
  }

  /// Says why and closes: what is in the socket's queue can still be read.
  private func turnAway(_ fd: Int32, _ error: ErrorFrame) {
    shared.counters.refuse(error.code)
    var writer = FrameWriter()
    WorkerFrame.error(error).write(0, to: &writer)
    unsafe writer.bytes.withUnsafeBytes {
      _ = unsafe pen_send_with(fd, $0.baseAddress, $0.count, nil, 0)
    }
    Glibc.close(fd)
  }

  /// Connections now.
  var connectionCount: Int { counts.reduce(0) { $0 + $1.value.load(ordering: .relaxed) } }

  // MARK: Memory

  /// Asks clients for memory while the store turns fills away for want of it.
  private func watch() async {
    var known: UInt64?
    while await reactors[0].sleep(for: Self.watchInterval) {
      guard shared.memory.leases > 0 else {
        known = nil
        continue
      }
      let rejections = shared.files.store.statistics.rejections
      if let known, rejections > known { wantMemory() }
      known = rejections
    }
  }

  /// Asks every client for leased memory.
  func wantMemory() {
    for ring in rings {
      ring.reactor.spawn { for connection in ring.all { connection.want() } }
    }
  }

  // MARK: Stop

  /// Takes no more connections, tells clients, and ends those that have not gone within `left`.
  ///
  /// Never waits for a client longer than that. On a ring.
  func stop(within left: Duration) async {
    guard !isStopping.exchange(true, ordering: .sequentiallyConsistent) else { return }
    watchTask.withLock { $0.take() }?.cancel()
    let first = reactors[0]
    await first.run { [self] in
      await accepting.value?.stop()
      accepting.value = nil
    }
    place.remove(file.value)
    await onRings { ring in for connection in ring.all { connection.leave(left) } }
    await waitForNobody(within: left)
    await onRings { ring in
      for connection in ring.all { connection.stop() }
    }
    // What a client does not take keeps nobody.
    await waitForNobody(within: Self.lastBytesLimit)
    await onRings { $0.cut() }
    await waitForNobody(within: Self.lastBytesLimit)
  }

  /// Waits until the last connection has ended, but not longer than `limit`.
  private func waitForNobody(within limit: Duration) async {
    let gate = StopGate()
    nobody.withLock { $0 = gate }
    guard connectionCount > 0, limit > .zero else { return }
    let timer = Task(executorPreference: reactors[0]) { [reactors] in
      if await reactors[0].sleep(for: limit) { gate.open() }
    }
    await gate.wait()
    timer.cancel()
  }

  private func onRings(_ body: @escaping @Sendable (ShortCircuitRing) -> Void) async {
    for ring in rings { await ring.reactor.run { body(ring) } }
  }
}
