// Where is what: Alluxio paths and UFS paths to mounts, and back.
//
//   /            → file:///data          a mount hides what its parent's UFS has at the same place:
//   /s3          → s3://bkt              file:///data/s3/… is reachable by neither path
//
//   Alluxio path → mount with the longest Alluxio prefix      UFS path → mount with the longest UFS prefix
//
// Prefixes end at path boundaries: /s3 is no prefix of /s3b. The table never changes once made.

/// The mounts of a worker.
package struct MountTable: Sendable {
  /// The mounts, longest UFS root first, so that a client that takes the first textual match takes the right one.
  package let mounts: [Mount]
  /// Whether another mount lies below each, and hides a part of it.
  private let isPartlyHidden: [Bool]

  /// A table of mounts.
  ///
  /// - Throws: `.duplicatePath`, `.overlap`, `.missingRoot`.
  package init(_ mounts: [Mount]) throws(MountError) {
    for (index, mount) in mounts.enumerated() {
      for other in mounts[..<index] { try Self.check(mount, besides: other) }
    }
    guard mounts.contains(where: { $0.prefix.isEmpty }) else {
      throw MountError(.missingRoot, mount: "/")
    }
    let sorted = mounts.sorted {
      let (left, right) = ($0.uri.description, $1.uri.description)
      return left.utf8.count == right.utf8.count
        ? isBefore(left, right) : left.utf8.count > right.utf8.count
    }
    self.mounts = sorted
    isPartlyHidden = sorted.map { mount in
      sorted.contains {
        !isSameText($0.prefix, mount.prefix) && pathBelow(mount.prefix, $0.prefix) != nil
      }
    }
  }

  /// Opens the UFS of every specification.
  ///
  /// - Throws: The first problem found, naming the mount and the remedy.
  package init(
    opening specifications: [MountSpecification], in environment: UFSEnvironment
  ) throws(MountError) {
    var mounts: [Mount] = []
    for specification in specifications {
      mounts.append(try Mount(opening: specification, in: environment))
    }
    try self.init(mounts)
  }

  /// Finds a UFS path or an absolute local path; slashes at its end are ignored.
  ///
  /// - Throws: `.invalid` for what is no path; `.escapesMount` for a path in no mount, one that leaves its mount by
  ///   `..`, or one that another mount hides.
  package func locate(ufsPath text: String) throws(UFSError) -> MountedPath {
    let uri: UFSURI
    do throws(PathRule) {
      uri = try UFSURI(parsing: text)
    } catch {
      throw UFSError(.invalid, operation: "mounts.locate", path: text, rule: error)
    }
    for (mount, isPartlyHidden) in zip(mounts, isPartlyHidden) {
      guard let path = mount.uri.relative(uri) else { continue }
      try mount.ufs.validate(path)
      let located = MountedPath(mount: mount, path: path)
      guard isPartlyHidden else { return located }
      let owner = self.mount(ofAlluxioPath: joinPath(mount.prefix, path))
      if let owner, !isSameText(owner.prefix, mount.prefix) {
        throw UFSError(
          .escapesMount, operation: "mounts.locate", path: text,
          rule: .shadowed(by: owner.alluxioPath))
      }
      return located
    }
    throw UFSError(.escapesMount, operation: "mounts.locate", path: text, rule: .outsideMounts)
  }

  /// Finds an Alluxio path such as `/s3/dir/a.bin`; slashes at its end are ignored.
  ///
  /// - Throws: `.invalid` unless it is a slash and components; `.escapesMount` for `..`.
  package func locate(alluxioPath text: String) throws(UFSError) -> MountedPath {
    let path: String
    do throws(PathRule) {
      path = try Mount.normalised(text)
    } catch {
      let code: UFSError.Code = error == .dotDot ? .escapesMount : .invalid
      throw UFSError(code, operation: "mounts.locate", path: text, rule: error)
    }
    guard let mount = mount(ofAlluxioPath: path), let rest = pathBelow(mount.prefix, path) else {
      throw UFSError(.escapesMount, operation: "mounts.locate", path: text, rule: .outsideMounts)
    }
    try mount.ufs.validate(rest)
    return MountedPath(mount: mount, path: rest)
  }

  /// The mount with the longest Alluxio prefix of `path`, which has no slash at its start.
  private func mount(ofAlluxioPath path: String) -> Mount? {
    // Each open asks this: no mount is copied but the one that is found.
    var found: Int?
    var size = -1
    for index in mounts.indices {
      let count = mounts[index].prefix.utf8.count
      guard count > size, pathBelow(mounts[index].prefix, path) != nil else { continue }
      (found, size) = (index, count)
    }
    return found.map { mounts[$0] }
  }

  private static func check(_ mount: Mount, besides other: Mount) throws(MountError) {
    if isSameText(mount.prefix, other.prefix) {
      throw MountError(.duplicatePath, mount: mount.alluxioPath)
    }
    if mount.uri.relative(other.uri) != nil || other.uri.relative(mount.uri) != nil {
      if let (one, two) = differingStores(mount, other) {
        throw MountError(
          .sameBucket(
            uri: mount.uri.description, endpoint: one, other: other.alluxioPath,
            otherEndpoint: two), mount: mount.alluxioPath)
      }
      throw MountError(
        .overlap(
          uri: mount.uri.description, other: other.alluxioPath, otherURI: other.uri.description),
        mount: mount.alluxioPath)
    }
  }

  /// The stores of two mounts whose buckets have one name, when they are not the same.
  ///
  /// A page is known by bucket and key, and clients ask by them: two such files could not be told apart.
  private static func differingStores(_ mount: Mount, _ other: Mount) -> (String, String)? {
    guard let one = (mount.ufs as? S3UFS)?.endpoint, let two = (other.ufs as? S3UFS)?.endpoint,
      one != two
    else { return nil }
    return (one, two)
  }
}
