// Endpoints by path and method.

import Testing
import WorkerDaemon

@Suite struct RESTRouteTests {
  private func match(_ path: String, _ method: String = "GET") -> RESTRoute.Match {
    RESTRoute.match(path: Array(path.utf8)[...], method: method)
  }

  @Test("every documented path leads to its endpoint", arguments: RESTEndpoint.allCases)
  func findsEveryEndpoint(endpoint: RESTEndpoint) throws {
    let path = endpoint.pattern.split(separator: "{id}").joined(separator: "ab")
      .split(separator: "{index}").joined()
    let whole =
      endpoint == .page ? path + "7" : endpoint.pattern.hasSuffix("{id}") ? path + "ab" : path
    let method = try #require(endpoint.methods.first)
    guard case .found(let route) = match(whole, method) else {
      Issue.record("\(whole) was not found")
      return
    }
    #expect(route.endpoint == endpoint)
    #expect(route.pageIndex == (endpoint == .page ? "7" : ""))
  }

  @Test("a method that an endpoint does not answer is told from an unknown endpoint")
  func tellsMethods() {
    #expect(match("/v1/mkdir/ab") == .methodNotAllowed(allow: ["POST"]))
    #expect(match("/v1/info", "POST") == .methodNotAllowed(allow: ["GET", "HEAD"]))
    #expect(match("/v1/chunk/ab", "DELETE") == .methodNotAllowed(allow: ["GET", "HEAD", "POST"]))
  }

  @Test("an unknown path names its neighbours")
  func namesNeighbours() {
    #expect(match("/v1/inof") == .unknown(near: ["/v1/info"]))
    #expect(
      match("/v1/file/ab") == .unknown(near: ["/v1/files", "/v1/file/{id}/page/{index}"])
        || match("/v1/file/ab") == .unknown(near: ["/v1/files"]))
    guard case .unknown(let near) = match("/nowhere/at/all") else {
      Issue.record("a path outside /v1 was found")
      return
    }
    #expect(near.count == RESTEndpoint.allCases.count)
  }

  @Test(
    "odd paths are unknown and harmless",
    arguments: [
      "", "/", "*", "/v1", "/v1/", "/v1/chunk", "/v1/chunk/a/b", "/v1/page/a", "/v2/info",
      "/v1/file/a/page", "/v1/file/a/page/1/2", "/v1/\u{0}", String(repeating: "/v1", count: 3000),
    ])
  func refusesOddPaths(path: String) {
    guard case .unknown = match(path) else {
      Issue.record("\(path.prefix(80)) was found")
      return
    }
  }
}
