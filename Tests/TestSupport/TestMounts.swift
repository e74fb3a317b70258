// Mount tables for tests.

package import UFS

/// Mount tables over in-memory file systems.
package enum TestMounts {
  /// A table with `ufs` at `/`.
  package static func table(_ ufs: FakeUFS) throws -> MountTable {
    try MountTable([
      Mount(alluxioPath: "/", uri: UFSURI(parsing: ufs.rootURI), ufs: ufs)
    ])
  }

  /// A table with an empty file system at `/`.
  package static func temporary() throws -> MountTable { try table(FakeUFS()) }
}
