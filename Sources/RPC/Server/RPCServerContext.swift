// What a handler may know of the call that it answers.

/// A call's circumstances; valid while the handler runs.
package struct RPCServerContext: Sendable {
  let call: RPCServerCall

  /// Path of the method.
  package var path: String { call.path }
  /// Time until the client gives up; nil is for ever.
  ///
  /// The handler's task is cancelled then.
  package var remaining: Duration? { call.remaining }
  /// Whether nobody waits for the answer: the handler's task is cancelled then, too.
  package var isCancelled: Bool { call.isCancelled }
  /// The client's address, such as `ipv4:127.0.0.1:4711` or `unix:`.
  package var peer: String { call.peer }
  /// The names that the client's certificate bears, none without mutual TLS.
  package var peerNames: [String] { call.peerNames }

  /// The first value that the client sent with `key`, in lower case.
  package func metadata(_ key: String) -> String? { call.metadata(key) }
}
