// Which workers there are, and which of them a path belongs to.

import Membership
import Model
import Ring
import Synchronization

/// The workers that can be asked over the network.
final class WorkerDirectory: Sendable {
  /// How long a coordinator's answer holds.
  private static let refreshTime: UInt64 = 30_000_000_000

  private struct State {
    var workers: [NetworkWorker] = []
    var ring = HashRing([], pointCount: 1)
    var askedAt: UInt64 = 0
  }

  private let options: ClientOptions
  private let state: Mutex<State>
  /// Held while the coordinator is asked.
  private let asking = Monitor()

  init(_ options: ClientOptions) {
    self.options = options
    let workers = options.workers.map { NetworkWorker($0, options: options) }
    state = Mutex(
      State(
        workers: workers,
        ring: HashRing(
          options.workers.map { WorkerIdentity(host: $0.host) }, pointCount: options.ringPointCount)
      ))
  }

  /// Whether any worker is known, or can be asked for.
  var isPossible: Bool { !options.workers.isEmpty || !options.coordinator.isEmpty }

  /// At most `count` workers for `path`, the one that it belongs to first.
  ///
  /// - Throws: why the coordinator did not name any.
  func workers(for path: String, count: Int) throws(ClientError) -> [NetworkWorker] {
    try refresh()
    let (workers, ring) = state.withLock { ($0.workers, $0.ring) }
    return ring.order(for: path, count: count).map { workers[$0] }
  }

  private func refresh() throws(ClientError) {
    guard !options.coordinator.isEmpty else { return }
    asking.lock()
    defer { asking.unlock() }
    let now = monotonicNow()
    let (askedAt, isEmpty) = state.withLock { ($0.askedAt, $0.workers.isEmpty) }
    guard askedAt == 0 || now &- askedAt > Self.refreshTime else { return }
    do throws(ClientError) {
      let found = try ask()
      let identities = found.map(\.identity)
      let workers = found.map { NetworkWorker($0.address, options: options) }
      let ring = HashRing(identities, pointCount: options.ringPointCount)
      state.withLock { $0 = State(workers: workers, ring: ring, askedAt: now) }
    } catch {
      // Old news are better than none.
      guard !isEmpty else { throw error }
      state.withLock { $0.askedAt = now }
    }
  }

  private func ask() throws(ClientError) -> [(identity: WorkerIdentity, address: WorkerAddress)] {
    let address = try ClientOptions.address(options.coordinator, port: 19999)
    let coordinator = NetworkWorker(address, options: options)
    let body = try coordinator.text("/api/v1/nodes", thing: options.coordinator)
    guard let value = try? JSONReader.parse(body), let list = value["workers"]?.elements else {
      throw ClientError(.protocolBroken, options.coordinator, "does not list workers")
    }
    var found: [(identity: WorkerIdentity, address: WorkerAddress)] = []
    for entry in list where entry["state"]?.text != "LOST" {
      guard let identity = entry["id"]?.text.flatMap({ WorkerIdentity(uuid: $0) }),
        let text = entry["address"]?.text
      else { continue }
      let host = try ClientOptions.address(text, port: options.restPort).host
      found.append((identity, WorkerAddress(host: host, port: options.restPort)))
    }
    return found
  }
}
