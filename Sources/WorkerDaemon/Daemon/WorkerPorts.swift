// The ports of a worker and what is behind them.

import Glibc
import HTTPWire
import Model
import Ring
import Synchronization

/// The servers of a worker, all listening.
struct WorkerPorts: Sendable {
  /// A server and what it is called in logs and metrics.
  struct Named: Sendable {
    let name: String
    let server: HTTPServer
  }

  /// The ports that serve data.
  let serving: [Named]
  /// The port of metrics and health: the last to close.
  let operations: Named
  /// The domain socket; nil when there is none.
  let shortCircuit: ShortCircuitServer?

  /// All of them.
  var servers: [Named] { serving + [operations] }

  /// Opens every port; blocks until all listen.
  ///
  /// When one cannot be opened, those before it are closed again.
  init(_ settings: WorkerSettings, _ parts: WorkerParts) throws(StartError) {
    var servers: [Named] = []
    var local: ShortCircuitServer?
    do throws(StartError) {
      try Self.openServing(settings, parts, &servers)
      local = try ShortCircuitServer.open(settings, parts)
      operations = try Self.openOperations(settings, parts, serving: servers, local)
    } catch {
      // The rings can only stop when nothing listens on them.
      parts.serving[0].wait { [servers, local] in
        for named in servers { await named.server.drain(within: .zero) }
        await local?.stop(within: .zero)
      }
      throw error
    }
    serving = servers
    shortCircuit = local
  }

  /// Looks whether the ports of `endpoints` can be listened on, and lets go of them: before anything is opened that a second
  /// daemon would have to wait for.
  ///
  /// - Throws: `.port`, naming the key that sets it.
  static func probe(_ endpoints: [(name: String, endpoint: WorkerSettings.Endpoint)])
    throws(StartError)
  {
    for (name, endpoint) in endpoints where endpoint.port != 0 {
      let address = SocketAddress.ip(endpoint.host, port: endpoint.port)
      do throws(RingError) { try Listener.probe(address) } catch {
        throw refusal(of: name, address, endpoint, error)
      }
    }
  }

  private static func openServing(
    _ settings: WorkerSettings, _ parts: WorkerParts, _ servers: inout [Named]
  ) throws(StartError) {
    if let endpoint = settings.rest {
      var options = RESTHandler.Options(
        advertisedHost: settings.advertisedHost, advertisedPort: endpoint.port)
      options.missingInfoStatus = MissingInfoStatus(rawValue: settings.missingInfoStatus) ?? .auto
      // Behind the deadline of what is asked, for sources that know of none.
      options.questionDeadline = settings.read.questionLimit + .seconds(1)
      let handler = RESTHandler(
        files: parts.files, loads: parts.jobs, jobService: parts.jobService,
        ringCount: parts.serving.count,
        options: options)
      servers.append(try open("rest", endpoint, settings, parts, handler))
    }
    if let endpoint = settings.objects {
      let handler = ObjectHandler(files: parts.files, ringCount: parts.serving.count)
      servers.append(try open("objects", endpoint, settings, parts, handler))
    }
  }

  private static func openOperations(
    _ settings: WorkerSettings, _ parts: WorkerParts, serving: [Named],
    _ local: ShortCircuitServer?
  ) throws(StartError) -> Named {
    let metrics = WorkerMetrics(parts: parts, servers: serving, shortCircuit: local)
    let handler = OperationsHandler(
      metrics: { metrics.page() },
      readiness: { parts.readiness },
      numa: { NUMAReport(parts) },
      shortCircuit: { local?.report },
      cache: CacheAPI(policies: parts.files.policies, mounts: parts.files.mounts))
    return try open("operations", settings.operations, settings, parts, handler)
  }

  private static func open(
    _ name: String, _ endpoint: WorkerSettings.Endpoint, _ settings: WorkerSettings,
    _ parts: WorkerParts, _ handler: any HTTPHandler
  ) throws(StartError) -> Named {
    try open(name, endpoint, settings.http, parts.serving, handler)
  }

  /// Opens the port `name` on `reactors`; blocks until it listens.
  ///
  /// - Throws: `.port`, naming the key that sets it.
  static func open(
    _ name: String, _ endpoint: WorkerSettings.Endpoint, _ limits: HTTPServerOptions,
    _ reactors: [Reactor], _ handler: any HTTPHandler
  ) throws(StartError) -> Named {
    let address = SocketAddress.ip(endpoint.host, port: endpoint.port)
    var options = limits
    options.address = address
    let started = reactors[0].wait { [options] () async -> Result<HTTPServer, RingError> in
      do throws(RingError) {
        return .success(
          try await HTTPServer.start(on: reactors, options: options, handler: handler))
      } catch {
        return .failure(error)
      }
    }
    switch started {
    case .success(let server): return Named(name: name, server: server)
    case .failure(let error): throw refusal(of: name, address, endpoint, error)
    }
  }

  private static func refusal(
    of name: String, _ address: SocketAddress, _ endpoint: WorkerSettings.Endpoint,
    _ error: RingError
  ) -> StartError {
    let why =
      switch error.errno {
      case EADDRINUSE:
        "is taken by another process (ss -tanp shows which); stop that or set \(endpoint.key)"
      case EACCES: "needs a privilege this user lacks; set \(endpoint.key) to 1024 or above"
      case EINVAL, EADDRNOTAVAIL:
        "is no address of this machine; set alluxio.worker.bind.host to one, or to 0.0.0.0"
      default: "cannot be listened on: \(errnoText(error.errno))"
      }
    return StartError(.port, "port \(address) (\(name)) \(why)")
  }
}
