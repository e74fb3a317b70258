// A request's path and method, turned into an endpoint. Pure.

/// An endpoint with what its path carries.
package struct RESTRoute: Equatable, Sendable {
  /// The endpoint.
  package var endpoint: RESTEndpoint
  /// The `{id}` of the path as it came; empty where the endpoint has none.
  package var id: String
  /// The `{index}` of the page endpoint as it came; empty elsewhere.
  package var pageIndex: String

  /// A route of its parts.
  package init(endpoint: RESTEndpoint, id: String, pageIndex: String) {
    self.endpoint = endpoint
    self.id = id
    self.pageIndex = pageIndex
  }

  /// What a path and method turn out to be.
  package enum Match: Equatable, Sendable {
    /// An endpoint that answers the method.
    case found(RESTRoute)
    /// An endpoint that answers only `allow`.
    case methodNotAllowed(allow: [String])
    /// No endpoint; `near` lists the documented paths closest to what was asked.
    case unknown(near: [String])
  }

  /// Finds the endpoint of `path` for `method`.
  package static func match(path: ArraySlice<UInt8>, method: String) -> Match {
    guard path.count <= pathLengthMax, let route = route(of: path) else {
      return .unknown(near: near(path.prefix(pathLengthMax)))
    }
    let methods = route.endpoint.methods
    return methods.contains(method) ? .found(route) : .methodNotAllowed(allow: methods)
  }

  /// Longest path an endpoint can have, with an id of any sane length.
  private static let pathLengthMax = 1024

  private static func route(of path: ArraySlice<UInt8>) -> RESTRoute? {
    guard path.first == UInt8(ascii: "/"), let text = PathCoding.utf8Text(path) else {
      return nil
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: true)
    guard parts.count >= 2, parts[0] == "v1" else { return nil }
    if parts.count == 5, parts[1] == "file", parts[3] == "page" {
      return RESTRoute(endpoint: .page, id: String(parts[2]), pageIndex: String(parts[4]))
    }
    guard let endpoint = RESTEndpoint(rawValue: String(parts[1])), endpoint != .page else {
      return nil
    }
    let takesID = endpoint.pattern.hasSuffix("{id}")
    guard parts.count == (takesID ? 3 : 2) else { return nil }
    return RESTRoute(endpoint: endpoint, id: takesID ? String(parts[2]) : "", pageIndex: "")
  }

  /// The documented paths nearest to `path`: same first letters of the endpoint's word, else all of them.
  private static func near(_ path: ArraySlice<UInt8>) -> [String] {
    let words = path.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
    let word = words.dropFirst(words.first == "v1" ? 1 : 0).first ?? ""
    let scored = RESTEndpoint.allCases.map { endpoint in
      (endpoint.pattern, distance(word.lowercased(), endpoint.rawValue.lowercased()))
    }
    let close = scored.filter { $0.1 <= 2 }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
    return close.isEmpty ? RESTEndpoint.allCases.map(\.pattern) : close
  }

  /// Edit distance of two short words.
  private static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left.utf8.prefix(32))
    let right = Array(right.utf8)
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let substituted = diagonal + (a == b ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[right.count]
  }
}
