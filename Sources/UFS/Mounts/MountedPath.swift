// A path that was found in a mount.

/// A file or directory's place: its mount, and its names in all three worlds.
package struct MountedPath: Sendable {
  /// The mount it lies in.
  package let mount: Mount
  /// Its path below the mount's UFS root; `""` is the root itself.
  package let path: String

  /// A place in `mount`; `path` is one that the mount's UFS has validated.
  package init(mount: Mount, path: String) {
    self.mount = mount
    self.path = path
  }

  /// The UFS that answers for it.
  package var ufs: any UnderFileSystem { mount.ufs }
  /// Its full UFS path, in canonical form: what file identities are made of.
  package var ufsPath: String { mount.ufs.ufsPath(of: path) }
  /// Its Alluxio path.
  package var alluxioPath: String { "/" + joinPath(mount.prefix, path) }
  /// Whether it is the mount's own root.
  package var isMountRoot: Bool { path.isEmpty }
  /// Its name: the last component of its Alluxio path, empty for `/`.
  package var name: String { splitPath(joinPath(mount.prefix, path))?.name ?? "" }
}
