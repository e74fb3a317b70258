// An under file system some of whose directories are refused, as those of another user are.

package import Model
package import UFS

/// Another UFS whose directories of some paths cannot be listed.
package final class RefusingUFS: UnderFileSystem {
  /// When a directory's listing is refused.
  package enum Moment: Sendable { case start, firstBatch }

  private let base: any UnderFileSystem
  private let refused: Set<String>
  private let moment: Moment

  /// Refuses to list `refused`.
  package init(_ base: any UnderFileSystem, refusing refused: Set<String>, at moment: Moment) {
    self.base = base
    self.refused = refused
    self.moment = moment
  }

  package var rootURI: String { base.rootURI }
  package var capabilities: UFSCapabilities { base.capabilities }
  package func validate(_ path: String) throws(UFSError) { try base.validate(path) }
  package func status(of path: String) async throws(UFSError) -> FileStatus {
    try await base.status(of: path)
  }
  package func settleTime(of version: FileVersion) -> Int64 { base.settleTime(of: version) }
  package func open(
    _ path: String, expecting version: FileVersion?, for purpose: UFSPurpose
  ) async throws(UFSError) -> any UFSReader {
    try await base.open(path, expecting: version, for: purpose)
  }

  package func list(_ path: String, _ options: UFSListing) async throws(UFSError) -> any UFSLister {
    guard refused.contains(path) else { return try await base.list(path, options) }
    let error = UFSError(
      .denied, operation: "ufs.list", path: ufsPath(of: path), cause: .errno(13))
    if moment == .start { throw error }
    return RefusedLister(error)
  }

  package func create(_ path: String, _ mode: UFSCreation) async throws(UFSError) -> any UFSWriter {
    try await base.create(path, mode)
  }
  package func write(
    _ bytes: UnsafeRawBufferPointer, to path: String, at offset: Int64
  ) async throws(UFSError) { try await base.write(bytes, to: path, at: offset) }
  package func makeDirectory(
    _ path: String, recursive: Bool
  ) async throws(UFSError) -> DirectoryCreation {
    try await base.makeDirectory(path, recursive: recursive)
  }
  package func touch(_ path: String) async throws(UFSError) { try await base.touch(path) }
  package func rename(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) { try await base.rename(source, to: target, replacing: replacing) }
  package func delete(_ path: String, recursive: Bool) async throws(UFSError) {
    try await base.delete(path, recursive: recursive)
  }
}

private final class RefusedLister: UFSLister {
  private let error: UFSError

  init(_ error: UFSError) { self.error = error }

  func next(max: Int) async throws(UFSError) -> UFSListingBatch? { throw error }

  func close() async {}
}
