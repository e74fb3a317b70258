// A client's way to one server: connections are the core's affair, made when needed and made again when lost.

import CGRPC
import Glibc
import Ring
import Synchronization

/// Calls to one target, from any number of tasks.
// SAFETY: the core's channel may be used by all threads; the table of methods is behind a Mutex.
@safe package final class RPCChannel: @unchecked Sendable {
  /// Where it goes: `host:port`, `ipv4:…`, `unix:/path`.
  package let target: String
  package let options: RPCChannelOptions
  let engine: RPCEngine
  private let channel: OpaquePointer
  private let methods = Mutex<[String: RegisteredMethod]>([:])

  /// A method's path, which the core wants to stay put, and its handle.
  @safe private struct RegisteredMethod {
    let path: UnsafeMutablePointer<CChar>
    let handle: UnsafeMutableRawPointer
  }

  /// A channel to `target`; connects with the first call.
  ///
  /// Reads the files of TLS, which blocks for the disk.
  ///
  /// - Throws: `.invalidArgument` for files that cannot be read or hold no credentials.
  package init(
    engine: RPCEngine, target: String, options: RPCChannelOptions = RPCChannelOptions()
  ) throws(RPCError) {
    self.engine = engine
    self.target = target
    self.options = options
    let credentials = unsafe try Self.credentials(options.tls)
    defer { unsafe grpc_channel_credentials_release(credentials) }
    var arguments = RPCArguments(
      keepalive: options.keepalive, messageSizeMax: options.messageSizeMax)
    // Retries are ours, connections are each channel's own, proxies of the environment are not for the cluster.
    arguments.add("grpc.enable_retries", 0)
    arguments.add("grpc.use_local_subchannel_pool", 1)
    arguments.add("grpc.enable_http_proxy", 0)
    arguments.add("grpc.initial_reconnect_backoff_ms", 100)
    arguments.add("grpc.max_reconnect_backoff_ms", 3000)
    if let name = options.tls?.serverName { arguments.add("grpc.ssl_target_name_override", name) }
    let made = unsafe arguments.withArguments {
      unsafe pen_rpc_channel_create(target, credentials, $0)
    }
    guard let made = unsafe made else {
      throw RPCError(.invalidArgument, "no channel to \(target)")
    }
    unsafe channel = made
  }

  deinit {
    unsafe grpc_channel_destroy(channel)
    methods.withLock { methods in
      for (_, method) in methods { unsafe free(method.path) }
    }
  }

  private static func credentials(_ tls: RPCTLSOptions?) throws(RPCError) -> OpaquePointer {
    guard let tls else { return unsafe grpc_insecure_credentials_create() }
    let authorities = try RPCTLSOptions.read(tls.authoritiesFile)
    let certificate = try RPCTLSOptions.read(tls.certificateFile)
    let key = try RPCTLSOptions.read(tls.keyFile)
    guard (certificate == nil) == (key == nil) else {
      throw RPCError(.invalidArgument, "a certificate and its key come together")
    }
    guard let made = unsafe pen_rpc_client_credentials(authorities, certificate, key) else {
      throw RPCError(.invalidArgument, "the files of TLS hold no credentials")
    }
    return unsafe made
  }

  /// A new call of the core with `timeout` to go.
  ///
  /// - Throws: `.invalidArgument` for a path that the core does not take, `.unavailable` when the engine has stopped.
  func makeCall(path: String, timeout: Duration?) throws(RPCError) -> RPCClientCall {
    guard !engine.isStopped else {
      throw RPCError(.unavailable, "the call cannot begin: its engine has stopped")
    }
    let queue = engine.queue()
    let handle: UnsafeMutableRawPointer? = unsafe methods.withLock { methods in
      if let known = methods[path] { return unsafe known.handle }
      guard let copy = unsafe strdup(path),
        let handle = unsafe grpc_channel_register_call(channel, copy, nil, nil)
      else { return nil }
      unsafe methods[path] = RegisteredMethod(path: copy, handle: handle)
      return unsafe handle
    }
    let deadline = pen_rpc_deadline(timeout?.nanoseconds ?? .max)
    guard let handle = unsafe handle,
      let call = unsafe grpc_channel_create_registered_call(
        channel, nil, 0, queue.queue, handle, deadline, nil)
    else { throw RPCError(.invalidArgument, "no call of \(path)") }
    return unsafe RPCClientCall(call: call, queue: queue)
  }
}
