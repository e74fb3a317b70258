// From the path a request means to a place in a mount, and to what is there.

import HTTPWire
import Model
import UFS

extension RESTHandler {
  /// The place of a path with a scheme, or of an Alluxio path.
  func place(of path: String) throws(UFSError) -> MountedPath {
    if path.utf8.first == UInt8(ascii: "/") { return try files.mounts.locate(alluxioPath: path) }
    return try files.mounts.locate(ufsPath: path)
  }

  /// The record of what `path` means: its other reading counts when the first one is not there.
  ///
  /// - Throws: What the first reading met, unless the second one exists.
  func record(
    of path: RequestedPath, for use: StatusUse = .metadata
  ) async throws(RESTProblem) -> Result<FileRecord, UFSError> {
    let first = try await record(of: path.path, for: use)
    guard case .failure(let error) = first, let alternative = path.alternative,
      Self.mayBeMisread(error)
    else { return first }
    let second = try await record(of: alternative, for: use)
    if case .success = second { return second }
    return first
  }

  /// Whether a path that met `error` may have been meant otherwise.
  private static func mayBeMisread(_ error: UFSError) -> Bool {
    switch error.code {
    case .notFound, .invalid, .escapesMount: true
    default: false
    }
  }

  private func record(
    of path: String, for use: StatusUse
  ) async throws(RESTProblem) -> Result<FileRecord, UFSError> {
    try await ask(within: options.questionDeadline) { [self] in
      await result { () throws(UFSError) in
        try await files.record(at: try place(of: path), for: use)
      }
    }
  }

  /// The record of a file to read, with the id it was asked for by remembered.
  ///
  /// - Throws: 404 and so on as the UFS says; 400 for a directory.
  func fileRecord(
    _ route: RESTRoute, _ request: RESTRequest, _ exchange: HTTPExchange
  ) async throws(RESTProblem) -> (FileRecord, RESTParameters) {
    let (path, parameters) = try readPath(route, request, exchange)
    let record = try value(try await record(of: path, for: .data))
    guard record.status.kind == .file else {
      throw RESTProblem(400, "\(record.status.ufsPath) is a directory; only files have bytes")
    }
    if let id = Digest256(hex: route.id) { known.note(id, path: record.status.ufsPath) }
    return (record, parameters)
  }

  private func readPath(
    _ route: RESTRoute, _ request: RESTRequest, _ exchange: HTTPExchange
  ) throws(RESTProblem) -> (RequestedPath, RESTParameters) {
    if let query = try PathQuery.pasted(request.query[...], for: route) {
      let path = isEscapingClient(exchange) ? query.path.fromEscapingClient : query.path
      return (path, query.parameters)
    }
    // The oldest clients name pages by id alone, after they asked for the file's status.
    guard let id = Digest256(hex: route.id), let path = known.path(of: id) else {
      throw route.endpoint == .page
        ? RESTProblem(404, "This worker has not met the id \(route.id); add ufsFullPath")
        : .badParameter("ufsFullPath", "is missing")
    }
    return (RequestedPath(path: path), RESTParameters(form: request.query[...]))
  }

  /// The place that a change is for: one reading only, because a change to the wrong file cannot be undone.
  func changePlace(
    _ path: RequestedPath, _ exchange: HTTPExchange
  ) throws(RESTProblem) -> MountedPath {
    let path = isEscapingClient(exchange) ? path.fromEscapingClient.path : path.path
    do throws(UFSError) {
      return try place(of: path)
    } catch { throw RESTProblem(error) }
  }

  /// Forgets what the cache knew of a changed path and of its directory, with `tree` also of all below it.
  ///
  /// A tree costs a look at every cached record.
  func forget(_ place: MountedPath, tree: Bool = false) {
    if tree { files.forgetTree(place.ufsPath) } else { files.forget(place.ufsPath) }
    if let (directory, _) = splitPath(place.path) {
      files.forget(place.ufs.ufsPath(of: directory))
    }
  }
}
