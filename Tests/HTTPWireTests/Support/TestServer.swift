// A server on loopback for one test.

import HTTPWire
import Ring

/// Starts a server on `ringCount` rings, runs `body`, and stops everything.
///
/// `body` runs on a ring of its own, so that a client that blocks holds up nobody else; child tasks would wait behind it.
@discardableResult
func withServer<T: Sendable>(
  ringCount: Int = 1, configure: (inout HTTPServerOptions) -> Void = { _ in },
  _ body: @escaping @Sendable (HTTPServer, TestHandler, [Reactor]) async throws -> T
) async throws -> T {
  let group = try ReactorGroup(count: ringCount + 1, pinned: false)
  defer { group.stop() }
  var options = HTTPServerOptions(address: .ip("127.0.0.1", port: 0))
  configure(&options)
  let handler = TestHandler()
  let reactors = Array(group.reactors.dropLast())
  let server = try await HTTPServer.start(on: reactors, options: options, handler: handler)
  let result: Result<T, any Error> = await group.reactors[ringCount].run {
    do {
      return .success(try await body(server, handler, reactors))
    } catch {
      return .failure(error)
    }
  }
  handler.open()
  await server.drain(within: .zero)
  return try result.get()
}
