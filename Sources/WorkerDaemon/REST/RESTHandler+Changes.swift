// Changes of the namespace: mkdir, touch, rm, mv, copy. Each is answered when the UFS has made it.

import HTTPWire
import Model
import UFS

extension RESTHandler {
  /// `POST /v1/mkdir`, `/v1/touch`, `/v1/rm`.
  func change(
    _ route: RESTRoute, _ request: RESTRequest, _ exchange: HTTPExchange
  ) async throws(RESTProblem) {
    guard let query = try PathQuery.pasted(request.query[...], for: route) else {
      throw .badParameter("ufsFullPath", "is missing")
    }
    let place = try changePlace(query.path, exchange)
    switch route.endpoint {
    case .mkdir: try await makeDirectory(place, query.parameters)
    case .touch: try await touch(place)
    default: try await remove(place, query.parameters)
    }
    await respond(exchange, json: RESTJSON.success)
  }

  /// Makes a directory with those above it; one that is there is as good (compat §2.4 row 7).
  private func makeDirectory(
    _ place: MountedPath, _ parameters: RESTParameters
  ) async throws(RESTProblem) {
    let recursive = try parameters.boolean("recursive", absent: true)
    try await perform(on: [place]) { () throws(UFSError) in
      _ = try await place.ufs.makeDirectory(place.path, recursive: recursive)
    }
  }

  private func touch(_ place: MountedPath) async throws(RESTProblem) {
    try await perform(on: [place]) { () throws(UFSError) in
      do throws(UFSError) {
        try await place.ufs.touch(place.path)
      } catch {
        // As with uploads, the directories above a file are made.
        guard error.code == .notFound, let (directory, _) = splitPath(place.path) else {
          throw error
        }
        _ = try await place.ufs.makeDirectory(directory, recursive: true)
        try await place.ufs.touch(place.path)
      }
    }
  }

  /// Removes from the UFS, or from the cache alone.
  ///
  /// `sync_parent_next_time` means the cache alone, too: 1.1.17 passes `remove_alluxio_only` under that name, and
  /// taking it at its word would delete the user's data (compat §2.7).
  private func remove(
    _ place: MountedPath, _ parameters: RESTParameters
  ) async throws(RESTProblem) {
    let cacheOnly = try parameters.boolean("remove_alluxio_only")
    let misnamed = try parameters.boolean("sync_parent_next_time")
    let recursive = try parameters.boolean("recursive")
    if cacheOnly || misnamed { return await evict(place) }
    try refuseMounts(place, "removed")
    try await perform(on: [place], tree: true, unbounded: recursive) { () throws(UFSError) in
      try await place.ufs.delete(place.path, recursive: recursive)
    }
  }

  /// Drops the cached copy and leaves the UFS alone.
  private func evict(_ place: MountedPath) async {
    // The pages of a file hang on its record; a UFS that does not answer leaves them to eviction.
    _ = await Deadline.run(options.questionDeadline) { [files] in
      _ = try? await files.record(at: place)
    }
    files.forgetTree(place.ufsPath)
    // Most cached files of a large tree have no record in memory; the catalog knows them all.
    let policies = files.policies
    _ = await policies.calls.perform(isRead: true) {
      do throws(CatalogError) {
        _ = try policies.free(RulePath(place.alluxioPath), forced: true)
      } catch {
        // Counted by the catalog; what stays cached stays right. So it does when the metastore hangs.
      }
    }
  }

  /// `POST /v1/mv`, `/v1/copy`.
  func changePair(
    _ route: RESTRoute, _ request: RESTRequest, _ exchange: HTTPExchange
  ) async throws(RESTProblem) {
    let query = try PathQuery.pair(request.query[...], for: route)
    guard let destination = query.destination else {
      throw .badParameter("dstPath", "is missing")
    }
    let source = try changePlace(query.path, exchange)
    let target = try changePlace(RequestedPath(path: destination), exchange)
    if route.endpoint == .mv {
      try await move(source, to: target)
    } else {
      try await copy(source, to: target, query.parameters)
    }
    await respond(exchange, json: RESTJSON.success)
  }

  private func move(_ source: MountedPath, to target: MountedPath) async throws(RESTProblem) {
    try refuseMounts(source, "moved")
    try await perform(on: [source, target], tree: true) { () throws(UFSError) in
      if source.mount.alluxioPath.utf8.elementsEqual(target.mount.alluxioPath.utf8) {
        try await source.ufs.rename(source.path, to: target.path, replacing: false)
        return
      }
      // Between mounts: the source goes only once the copy is whole.
      try await StreamedCopy.tree(
        from: source.ufs, source.path, to: target.ufs, target.path, recursive: true,
        replacing: false)
      try await source.ufs.delete(source.path, recursive: true)
    }
  }

  private func copy(
    _ source: MountedPath, to target: MountedPath, _ parameters: RESTParameters
  ) async throws(RESTProblem) {
    let isRecursive = try parameters.boolean("recursive")
    let recursive = try parameters.boolean("recursiveAlias") ? true : isRecursive
    let replacing = try parameters.boolean("forced")
    try await perform(on: [target], tree: true) { () throws(UFSError) in
      try await StreamedCopy.tree(
        from: source.ufs, source.path, to: target.ufs, target.path, recursive: recursive,
        replacing: replacing)
    }
  }

  /// - Throws: 403 when `place` is a mount point or holds one.
  private func refuseMounts(_ place: MountedPath, _ verb: String) throws(RESTProblem) {
    guard place.isMountRoot || files.mounts.hasMounts(below: place) else { return }
    throw RESTProblem(403, "\(place.alluxioPath) is or holds a mount point and cannot be \(verb)")
  }

  /// Makes a change within the deadline and drops what the cache knew of `places`, whatever came of it.
  ///
  /// The change of a tree is `unbounded` unless it is said otherwise.
  private func perform(
    on places: [MountedPath], tree: Bool = false, unbounded: Bool? = nil,
    _ change: @escaping @Sendable () async throws(UFSError) -> Void
  ) async throws(RESTProblem) {
    let answer = try await ask(
      within: options.changeDeadline, changes: true, unbounded: unbounded ?? tree
    ) { [self] in
      let outcome = await result { () throws(UFSError) in try await change() }
      // Here, not after the wait: a change that comes late must be seen, too.
      for place in places { forget(place, tree: tree) }
      return outcome
    }
    try value(answer)
  }
}
