// The namespace that clients see: each UFS's own tree, with the mounts below it laid over.
//
//   list("/")   file:///data: a.bin, s3/        the mount /s3 takes the place of data's own s3
//               mount /s3 → s3://bkt            ▶  a.bin, s3 (s3://bkt)

package import Model

extension MountTable {
  /// The status of a located path; a directory that exists only because a mount lies below it has one, too.
  ///
  /// - Throws: As `UnderFileSystem.status`.
  package func status(of place: MountedPath) async throws(UFSError) -> FileStatus {
    do throws(UFSError) {
      return try await place.ufs.status(of: place.path)
    } catch  where error.code == .notFound && hasMounts(below: place) {
      return Self.placeholder(place)
    }
  }

  /// Starts to list a located directory, with the mounts in it in place of what they hide.
  ///
  /// Mounts come last in unsorted listings and have no cursor of their own; sorted listings merge them.
  ///
  /// - Throws: As `UnderFileSystem.list`.
  package func list(
    _ place: MountedPath, _ options: UFSListing
  ) async throws(UFSError) -> any UFSLister {
    let overlay = await overlay(in: place)
    if overlay.isEmpty { return try await place.ufs.list(place.path, options) }
    var base: (any UFSLister)?
    do throws(UFSError) {
      base = try await place.ufs.list(place.path, options)
    } catch  where error.code == .notFound {
    }
    return OverlayLister(base, overlay: overlay, options)
  }

  /// Starts to list everything below a located directory in its own UFS; `shards` as `UnderFileSystem.walk` has them, 1 for
  /// none.
  ///
  /// Walks stay in one mount; `mounts(below:)` names those to be walked besides, and what they hide is left out here. A
  /// cursor of a walk without shards is good for one with them, not the other way round.
  ///
  /// - Throws: As `UnderFileSystem.walk`.
  package func walk(
    _ place: MountedPath, _ options: UFSListing, shards: Int = 1
  ) async throws(UFSError) -> any UFSLister {
    let hidden = mounts(below: place).compactMap { pathBelow(place.mount.prefix, $0.prefix) }
    let lister =
      shards > 1
      ? try await place.ufs.walk(place.path, options, shards: shards)
      : try await place.ufs.walk(place.path, options)
    return hidden.isEmpty ? lister : HidingLister(lister, hiding: hidden)
  }

  /// The mounts whose Alluxio path lies below `place`, shortest path first.
  package func mounts(below place: MountedPath) -> [Mount] {
    let path = joinPath(place.mount.prefix, place.path)
    return mounts.filter { !isSameText($0.prefix, path) && pathBelow(path, $0.prefix) != nil }
      .sorted { isBefore($0.prefix, $1.prefix) }
  }

  /// Whether a mount lies below `place`, so that it must not be deleted or renamed.
  package func hasMounts(below place: MountedPath) -> Bool { !mounts(below: place).isEmpty }

  /// The direct children of `place` that are mounts, or directories on the way to one.
  private func overlay(in place: MountedPath) async -> [UFSEntry] {
    let path = joinPath(place.mount.prefix, place.path)
    var entries: [UFSEntry] = []
    for mount in mounts(below: place) {
      guard let rest = pathBelow(path, mount.prefix), let name = pathComponents(rest).first else {
        continue
      }
      if let last = entries.last, isSameText(last.name, name) { continue }
      let below = joinPath(place.path, name)
      if isSameText(rest, name) {
        let root = MountedPath(mount: mount, path: "")
        // A UFS that does not answer still has its mount point; asking for what is in it then says why.
        let status = (try? await mount.ufs.status(of: "")) ?? Self.placeholder(root)
        entries.append(UFSEntry(name: name, path: below, status: status))
      } else {
        let place = MountedPath(mount: place.mount, path: below)
        let status = (try? await place.ufs.status(of: below)) ?? Self.placeholder(place)
        entries.append(UFSEntry(name: name, path: below, status: status))
      }
    }
    return entries
  }

  private static func placeholder(_ place: MountedPath) -> FileStatus {
    FileStatus(
      ufsPath: place.ufsPath, kind: .directory, length: 0, modificationTime: 0, mode: 0o755,
      version: nil)
  }
}
