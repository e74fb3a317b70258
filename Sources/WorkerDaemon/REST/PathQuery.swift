// From a request's query to the path it means and the parameters around it. Pure.

import Model

/// The paths and parameters of one request.
package struct PathQuery: Equatable {
  /// The path, or the source of mv and copy.
  package var path: RequestedPath
  /// The destination of mv and copy, normalised, which no id covers; nil elsewhere.
  package var destination: String?
  /// The other parameters.
  package var parameters: RESTParameters

  /// The query of an endpoint that gets its path form-encoded as `path`.
  ///
  /// - Throws: 400 when the path is missing, empty or no text.
  package static func form(_ query: ArraySlice<UInt8>) throws(RESTProblem) -> PathQuery {
    let parameters = RESTParameters(form: query)
    guard let text = parameters.text("path") else {
      throw .badParameter("path", "is missing")
    }
    guard !text.isEmpty else { throw .badParameter("path", "is empty or not UTF-8 text") }
    return PathQuery(
      path: try RequestedPath(form: text, named: "path"), parameters: parameters)
  }

  /// The query of an endpoint that gets one path pasted as `ufsFullPath`; nil when none came.
  ///
  /// - Throws: 400 when the path is empty, no text, or not what `id` is the digest of.
  package static func pasted(
    _ query: ArraySlice<UInt8>, for route: RESTRoute
  ) throws(RESTProblem) -> PathQuery? {
    let key = "ufsFullPath"
    let trailing = route.endpoint.trailingParameters
    guard let pasted = PastedQuery(query, key: key, trailing: trailing) else { return nil }
    let (path, end) = try resolve(pasted, ends: pasted.ends, id: route.id, named: key)
    return PathQuery(path: path, parameters: pasted.parameters(endingAt: end))
  }

  /// The query of mv and copy: `srcPath` and `dstPath`, both pasted.
  ///
  /// - Throws: 400 when one is missing, empty or no text, or `srcPath` is not what `id` is the digest of.
  package static func pair(
    _ query: ArraySlice<UInt8>, for route: RESTRoute
  ) throws(RESTProblem) -> PathQuery {
    guard let source = PastedQuery(query, key: "srcPath", trailing: ["dstPath"]) else {
      throw .badParameter("srcPath", "is missing")
    }
    let marker = Array("&dstPath=".utf8)
    let ends = source.ends.filter { query[$0...].starts(with: marker) }
    guard !ends.isEmpty else { throw .badParameter("dstPath", "is missing after srcPath") }
    let (path, end) = try resolve(source, ends: ends, id: route.id, named: "srcPath")
    let trailing = route.endpoint.trailingParameters
    guard let rest = PastedQuery(query[(end + 1)...], key: "dstPath", trailing: trailing) else {
      throw .badParameter("dstPath", "is missing after srcPath")
    }
    let raw = rest.value(endingAt: rest.likeliestEnd)
    return PathQuery(
      path: path, destination: try RequestedPath(pasted: raw, named: "dstPath").path,
      parameters: rest.parameters(endingAt: rest.likeliestEnd))
  }

  /// The reading and end that `id` confirms; without a digest in `id`, the likeliest.
  private static func resolve(
    _ query: PastedQuery, ends: [Int], id: String, named name: String
  ) throws(RESTProblem) -> (RequestedPath, end: Int) {
    let likeliest = ends.first ?? query.likeliestEnd
    guard let digest = Digest256(hex: id) else {
      return (try RequestedPath(pasted: query.value(endingAt: likeliest), named: name), likeliest)
    }
    for end in ends {
      let raw = query.value(endingAt: end)
      if !raw.isEmpty, let path = RequestedPath(pasted: raw, checkedBy: digest) {
        return (path, end)
      }
    }
    throw .badParameter(
      name, "is not the path whose SHA-256 is the id in the URL (was a '#' in the name cut off?)")
  }
}
