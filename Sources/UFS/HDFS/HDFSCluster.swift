// What all rings know of one cluster.

import CLinux
import Glibc
import HTTPWire
import Ring
import Synchronization

/// A cluster: its name nodes, who we are to it, and how it is used.
package final class HDFSCluster: Sendable {
  let nameNodes: [HDFSEndpoint]
  let user: String
  let options: HDFSOptions
  /// Where requests to its nodes wait for their turn.
  let gate: FlowGate
  /// What identifies this client, so that name nodes recognize a repeated call.
  let clientID: [UInt8]
  /// The name under which files are being written.
  let clientName: String
  /// Which name node answered last.
  let active = Atomic<Int>(0)

  private let resolver: HostResolver
  private let calls = Atomic<UInt32>(0)
  private let serverDefaults = Mutex<(HDFSDefaults, until: UInt64)?>(nil)

  /// Life of the server's defaults.
  private static let defaultsTime: UInt64 = 300_000_000_000

  /// A cluster of at least one name node, spoken to as `user`.
  init(
    nameNodes: [HDFSEndpoint], user: String, options: HDFSOptions, resolver: HostResolver,
    gate: FlowGate
  ) {
    precondition(!nameNodes.isEmpty, "a cluster has a name node")
    self.nameNodes = nameNodes
    self.user = user
    self.options = options
    self.gate = gate
    self.resolver = resolver
    var bytes = [UInt8](repeating: 0, count: 16)
    // Without random bytes the process's own number and time still tell clients apart.
    if unsafe bytes.withUnsafeMutableBytes({ unsafe pen_random($0.baseAddress, $0.count) }) != 0 {
      bytes = Array("\(getpid())-\(SystemCall.wallClock())".utf8.suffix(16))
    }
    clientID = bytes
    clientName = "penstock_" + bytes.map { Self.hex($0) }.joined()
  }

  /// The number of the next call.
  func nextCall() -> UInt32 {
    calls.wrappingAdd(1, ordering: .relaxed).oldValue & UInt32(Int32.max)
  }

  /// Makes the name node after `index` the one to ask, unless somebody did so.
  func moveOn(from index: Int) {
    let next = (index + 1) % nameNodes.count
    _ = active.compareExchange(expected: index, desired: next, ordering: .relaxed)
  }

  /// The addresses of an endpoint, at least one, in the order to try them.
  ///
  /// - Throws: `.name` when it has none.
  func addresses(
    of endpoint: HDFSEndpoint, _ reactor: Reactor
  ) async throws(HDFSFailure) -> [SocketAddress] {
    do throws(HostResolver.Failure) {
      return try await resolver.resolve(
        endpoint.host, deadline: reactor.now &+ options.connectTime.nanoseconds
      ).map { .ip($0, port: endpoint.port) }
    } catch {
      throw .name("\(endpoint.host): \(error.detail)")
    }
  }

  /// How the cluster likes new files, asked for now and then.
  func defaults(_ nameNodes: NameNodes, now: UInt64) async throws(HDFSFailure) -> HDFSDefaults {
    if let (known, until) = serverDefaults.withLock({ $0 }), until > now { return known }
    let fresh = try await nameNodes.defaults()
    serverDefaults.withLock { $0 = (fresh, until: now &+ Self.defaultsTime) }
    return fresh
  }

  private static func hex(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16)
    return byte < 16 ? "0" + text : text
  }
}
