// A server: methods are registered, then it listens, then it stops.
//
//   client ─▶ core (a queue's thread) ─▶ RPCArrival ─▶ task on one of the reactors: handler ─▶ core ─▶ client

import CGRPC
import Model
package import Ring
import Synchronization

/// Answers calls with async functions that run on reactors.
package final class RPCServer: Sendable {
  /// Before and after the start.
  private struct State {
    var methods: [RPCServerMethod] = []
    var core: RPCServerCore?
    var ports: [UInt16] = []
    var isStopped = false
  }

  /// Standing requests for each method on each queue.
  private static let arrivalCount = 64

  /// What it was made with.
  package let options: RPCServerOptions
  private let engine: RPCEngine
  private let state = Mutex(State())

  /// A server that is not started.
  package init(engine: RPCEngine, options: RPCServerOptions) {
    self.engine = engine
    self.options = options
  }

  /// The ports of the TCP addresses, in their order; empty before the start.
  package var ports: [UInt16] { state.withLock { $0.ports } }
  /// Paths of the methods that are answered, in the order of their registration.
  package var methodPaths: [String] { state.withLock { $0.methods.map(\.path) } }
  /// Calls that run now.
  package var runningCount: Int { state.withLock { $0.core }?.runningCount ?? 0 }
  /// Calls that were refused because too many ran.
  package var refusedCount: UInt64 { state.withLock { $0.core }?.refusedCount ?? 0 }

  func add(
    _ path: String, readsRequest: Bool, _ run: @escaping @Sendable (RPCServerCall) async -> Void
  ) {
    state.withLock { state in
      precondition(state.core == nil, "methods are registered before the start")
      precondition(!state.methods.contains { $0.path == path }, "a method is registered once")
      state.methods.append(RPCServerMethod(path: path, readsRequest: readsRequest, run: run))
    }
  }

  /// Listens on all addresses and answers calls on `reactors`, in turns.
  ///
  /// Reads the files of TLS, which blocks for the disk.
  ///
  /// - Throws: `.unavailable` when an address cannot be had, with its name; `.invalidArgument` for the files of TLS.
  package func start(on reactors: [Reactor]) throws(RPCError) {
    precondition(!reactors.isEmpty, "a server has a reactor")
    let result = state.withLock { state -> Result<Void, RPCError> in
      precondition(state.core == nil && !state.isStopped, "a server is started once")
      return Result { () throws(RPCError) in try launch(&state, on: reactors) }
    }
    try result.get()
  }

  private func launch(_ state: inout State, on reactors: [Reactor]) throws(RPCError) {
    let credentials = unsafe try Self.credentials(options.tls)
    defer { unsafe grpc_server_credentials_release(credentials) }
    let made = unsafe makeArguments().withArguments { unsafe pen_rpc_server_create($0) }
    guard let server = unsafe made else { throw RPCError(.internal, "no server can be had") }
    let core = unsafe RPCServerCore(
      server: server, reactors: reactors, callCountMax: options.callCountMax)
    for queue in engine.queues {
      unsafe grpc_server_register_completion_queue(server, queue.queue, nil)
    }
    var arrivals: [RPCArrival] = []
    for method in state.methods.map(Optional.some) + [nil] {
      var handle: UnsafeMutableRawPointer?
      if let method {
        unsafe handle = grpc_server_register_method(
          server, method.path, nil,
          method.readsRequest ? GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER : GRPC_SRM_PAYLOAD_NONE, 0
        )
      }
      for queue in engine.queues {
        for _ in 0..<Self.arrivalCount {
          unsafe arrivals.append(
            RPCArrival(server: core, queue: queue, method: method, handle: handle))
        }
      }
    }
    do throws(RPCError) {
      state.ports = unsafe try listen(server, credentials)
    } catch {
      core.abandon(queue: engine.queues[0])
      throw error
    }
    unsafe grpc_server_start(server)
    for arrival in arrivals { arrival.post() }
    state.core = core
  }

  private func makeArguments() -> RPCArguments {
    var arguments = RPCArguments(
      keepalive: options.keepalive, messageSizeMax: options.messageSizeMax)
    arguments.add(
      "grpc.http2.min_ping_interval_without_data_ms",
      options.keepalive.leastPingInterval.map { RPCArguments.milliseconds($0) } ?? 1)
    arguments.add(
      "grpc.max_concurrent_streams", RPCArguments.whole(options.callCountPerConnectionMax))
    // A connection that never says what it is goes away.
    arguments.add("grpc.server_handshake_timeout_ms", 20_000)
    // Two servers never share a port by accident.
    arguments.add("grpc.so_reuseport", 0)
    return arguments
  }

  private func listen(
    _ server: OpaquePointer, _ credentials: OpaquePointer
  ) throws(RPCError) -> [UInt16] {
    var ports: [UInt16] = []
    let plain: OpaquePointer = unsafe grpc_insecure_server_credentials_create()
    defer { unsafe grpc_server_credentials_release(plain) }
    for address in options.addresses {
      switch address {
      case .tcp(let host, let port):
        let name = "\(host.bracketedHost):\(port)"
        let bound = unsafe grpc_server_add_http2_port(server, name, credentials)
        guard bound > 0 else { throw RPCError(.unavailable, "cannot listen on \(name)") }
        ports.append(UInt16(truncatingIfNeeded: bound))
      case .unix(let path):
        guard unsafe grpc_server_add_http2_port(server, "unix:\(path)", plain) > 0 else {
          throw RPCError(.unavailable, "cannot listen on the socket \(path)")
        }
      }
    }
    return ports
  }

  private static func credentials(_ tls: RPCTLSOptions?) throws(RPCError) -> OpaquePointer {
    guard let tls else { return unsafe grpc_insecure_server_credentials_create() }
    let authorities = try RPCTLSOptions.read(tls.authoritiesFile)
    guard let certificate = try RPCTLSOptions.read(tls.certificateFile),
      let key = try RPCTLSOptions.read(tls.keyFile)
    else { throw RPCError(.invalidArgument, "a server with TLS has a certificate and its key") }
    guard authorities != nil || !tls.demandsClientCertificate else {
      throw RPCError(.invalidArgument, "certificates of clients need authorities to trust")
    }
    guard
      let made = unsafe pen_rpc_server_credentials(
        authorities, certificate, key, tls.demandsClientCertificate)
    else { throw RPCError(.invalidArgument, "the files of TLS hold no credentials") }
    return unsafe made
  }

  /// Lets no new call in, lets those that run end, and cancels what is left after `limit`.
  ///
  /// Suspends until every handler has ended: a handler whose task is cancelled and does not mind holds it up.
  package func stop(within limit: Duration) async {
    let core = state.withLock { state in
      state.isStopped = true
      return state.core.take()
    }
    guard let core else { return }
    await core.stop(within: limit, queue: engine.queues[0])
  }
}
