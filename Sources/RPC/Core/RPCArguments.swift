// The arguments of channels and servers.

import CGRPC
import Glibc

/// Collects arguments for the core, which copies them when a channel or server is made.
struct RPCArguments {
  private var integers: [(StaticString, Int32)] = []
  private var texts: [(StaticString, String)] = []

  /// What channels and servers have in common.
  init(keepalive: RPCKeepalive, messageSizeMax: Int) {
    add("grpc.max_receive_message_length", Self.whole(messageSizeMax))
    add("grpc.max_send_message_length", -1)
    add("grpc.keepalive_time_ms", Self.milliseconds(keepalive.time))
    add("grpc.keepalive_timeout_ms", Self.milliseconds(keepalive.timeout))
    add("grpc.keepalive_permit_without_calls", keepalive.permitsWithoutCalls ? 1 : 0)
    add("grpc.http2.max_pings_without_data", 0)
  }

  mutating func add(_ key: StaticString, _ value: Int32) { integers.append((key, value)) }
  mutating func add(_ key: StaticString, _ value: String) { texts.append((key, value)) }

  /// A number that fits the core's, the largest when it does not.
  static func whole(_ value: Int) -> Int32 { Int32(clamping: value) }

  /// Milliseconds for the core; nil is never.
  static func milliseconds(_ duration: Duration?) -> Int32 {
    guard let duration else { return .max }
    let parts = duration.components
    let (product, overflow) = parts.seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return parts.seconds < 0 ? 1 : .max }
    return max(1, Int32(clamping: product &+ parts.attoseconds / 1_000_000_000_000_000))
  }

  /// Calls `body` with the arguments, which exist until it returns.
  func withArguments<T>(_ body: (UnsafeMutablePointer<pen_rpc_arguments>) -> T) -> T {
    let list = UnsafeMutablePointer<pen_rpc_arguments>.allocate(capacity: 1)
    unsafe list.initialize(to: pen_rpc_arguments())
    defer { unsafe list.deallocate() }
    // SAFETY: static strings are C strings that stay.
    for (key, value) in integers {
      unsafe pen_rpc_arguments_add_integer(list, Self.pointer(key), value)
    }
    var copies: [UnsafeMutablePointer<CChar>] = unsafe []
    for (key, value) in texts {
      guard let copy = unsafe strdup(value) else { continue }
      unsafe copies.append(copy)
      unsafe pen_rpc_arguments_add_text(list, Self.pointer(key), copy)
    }
    defer { for index in unsafe copies.indices { unsafe free(copies[index]) } }
    return unsafe body(list)
  }

  private static func pointer(_ key: StaticString) -> UnsafePointer<CChar> {
    unsafe UnsafeRawPointer(key.utf8Start).assumingMemoryBound(to: CChar.self)
  }
}
