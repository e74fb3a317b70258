// Status and open.

package import Model

extension HDFSUFS {
  package func status(of path: String) async throws(UFSError) -> FileStatus {
    try check(path, "ufs.status")
    guard let found = try await find(path, "ufs.status") else {
      throw missing("ufs.status", path)
    }
    guard let status = fileStatus(found, path) else {
      throw rule(.unsupported, "ufs.status", path, .specialFile)
    }
    return status
  }

  package func open(
    _ path: String, expecting version: FileVersion?, for purpose: UFSPurpose
  ) async throws(UFSError) -> any UFSReader {
    try check(path, "ufs.open")
    // The blocks are named between two statuses that agree: they are this version's.
    var before = version
    if before == nil { before = try await fileVersion(path, purpose) }
    for _ in 0..<3 {
      let located = try await locate(path, purpose)
      let checked = ring.now
      let after = try await fileVersion(path, purpose)
      guard after == before, let located else {
        if version != nil { throw rule(.changed, "ufs.open", path, .otherVersion) }
        before = after
        continue
      }
      try checkReadable(located, path)
      guard located.isWhole, located.blocks.last.map(\.end) ?? 0 >= after.length else {
        throw UFSError(
          .unavailable, operation: "ufs.open", path: ufsPath(of: path),
          cause: .hdfs(exception: "the name node knows of fewer bytes than the file has"))
      }
      return HDFSReader(self, ring, path, after, located, checked: checked, for: purpose)
    }
    throw rule(.changed, "ufs.open", path, .otherVersion)
  }

  /// The error for a path where nothing is.
  func missing(_ operation: StaticString, _ path: String) -> UFSError {
    UFSError(
      .notFound, operation: operation, path: ufsPath(of: path),
      cause: .hdfs(exception: "FileNotFoundException"))
  }

  /// The version of the file at `path`.
  private func fileVersion(
    _ path: String, _ purpose: UFSPurpose
  ) async throws(UFSError) -> FileVersion {
    guard let status = try await find(path, "ufs.open", for: purpose) else {
      throw missing("ufs.open", path)
    }
    switch status.kind {
    case .file: return HDFSVersion.version(of: status)
    case .directory: throw rule(.isDirectory, "ufs.open", path, .isDirectory)
    case .link: throw rule(.unsupported, "ufs.open", path, .specialFile)
    }
  }

  /// The blocks of the file at `path`; nil when there is none now, which the status then tells better.
  private func locate(
    _ path: String, _ purpose: UFSPurpose
  ) async throws(UFSError) -> HDFSLocatedBlocks? {
    do throws(UFSError) {
      return try await ask("ufs.open", path) { ring throws(HDFSFailure) in
        try await ring.nameNodes.blocks(remotePath(path), 0..<Int64.max, for: purpose)
      }
    } catch  where error.code == .notFound || error.code == .notDirectory {
      return nil
    }
  }

  private func checkReadable(
    _ located: HDFSLocatedBlocks, _ path: String
  ) throws(UFSError) {
    guard located.isEncrypted || located.isErasureCoded else { return }
    let why =
      located.isEncrypted
      ? "the file lies in an encryption zone, which this version does not read"
      : "the file is erasure-coded, which this version does not read"
    throw UFSError(
      .unsupported, operation: "ufs.open", path: ufsPath(of: path), cause: .hdfs(exception: why))
  }
}
