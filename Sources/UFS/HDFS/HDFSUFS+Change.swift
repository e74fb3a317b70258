// Directories, deletions, renames.

import Model

extension HDFSUFS {
  /// Permission bits of new files and directories.
  static let fileMode: UInt16 = 0o644
  static let directoryMode: UInt16 = 0o755

  package func write(
    _ bytes: UnsafeRawBufferPointer, to path: String, at offset: Int64
  ) async throws(UFSError) {
    try checkChange(path, "ufs.write")
    throw UFSError(
      .unsupported, operation: "ufs.write", path: ufsPath(of: path),
      cause: .hdfs(exception: "HDFS has no writes in place"))
  }

  package func makeDirectory(
    _ path: String, recursive: Bool
  ) async throws(UFSError) -> DirectoryCreation {
    try checkChange(path, "ufs.mkdir")
    if let found = try await find(path, "ufs.mkdir") {
      guard found.kind != .directory else { return .existed }
      throw rule(.exists, "ufs.mkdir", path, .targetExists)
    }
    let isMade: Bool
    do throws(UFSError) {
      isMade = try await ask("ufs.mkdir", path) { ring throws(HDFSFailure) in
        try await ring.nameNodes.makeDirectory(
          remotePath(path), mode: Self.directoryMode, recursive: recursive)
      }
    } catch  where error.code == .exists {
      // Name nodes say so of a file on the way, too.
      guard let found = try await find(path, "ufs.mkdir") else {
        throw rule(.notDirectory, "ufs.mkdir", path, .targetExists)
      }
      if found.kind == .directory { return .existed }
      throw error
    } catch {
      throw await aboutParent(of: path, error)
    }
    guard isMade else { throw refused("ufs.mkdir", path) }
    return .created
  }

  package func touch(_ path: String) async throws(UFSError) {
    try checkChange(path, "ufs.touch")
    if try await find(path, "ufs.touch") == nil {
      do throws(UFSError) {
        let writer = try await create(path, .exclusive)
        _ = try await writer.commit()
        return
      } catch  where error.code == .exists {
        // Somebody made it meanwhile.
      }
    }
    try await ask("ufs.touch", path) { ring throws(HDFSFailure) in
      try await ring.nameNodes.setTime(
        remotePath(path), modified: SystemCall.wallClock() / 1_000_000)
    }
  }

  package func rename(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) {
    try checkChange(source, "ufs.rename")
    try checkChange(target, "ufs.rename")
    for path in [source, target] where path.isEmpty {
      throw rule(.invalid, "ufs.rename", path, .mountRoot)
    }
    if !isSameText(source, target), pathBelow(source, target) != nil {
      throw rule(.invalid, "ufs.rename", target, .intoItself)
    }
    guard let from = try await find(source, "ufs.rename") else {
      throw missing("ufs.rename", source)
    }
    try await checkParent(of: target)
    if let to = try await find(target, "ufs.rename") {
      guard replacing else { throw rule(.exists, "ufs.rename", target, .targetExists) }
      if isSameText(source, target) { return }
      try checkReplacement(
        of: to, at: target, by: from, holdsSource: pathBelow(target, source) != nil)
    }
    do throws(UFSError) {
      try await ask("ufs.rename", target) { ring throws(HDFSFailure) in
        try await ring.nameNodes.rename(
          remotePath(source), remotePath(target), replacing: replacing)
      }
    } catch  where error.code == .notDirectory {
      throw missing("ufs.rename", target)
    }
  }

  package func copyFile(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) {
    try check(source, "ufs.copy")
    try checkChange(target, "ufs.copy")
    guard let from = try await find(source, "ufs.copy") else { throw missing("ufs.copy", source) }
    if from.kind == .directory { throw rule(.isDirectory, "ufs.copy", source, .isDirectory) }
    if isSameText(source, target) {
      throw rule(replacing ? .invalid : .exists, "ufs.copy", target, .intoItself)
    }
    try await StreamedCopy.file(
      from: self, source, to: self, target, replacing ? .replacing : .exclusive)
  }

  package func delete(_ path: String, recursive: Bool) async throws(UFSError) {
    try checkChange(path, "ufs.delete")
    if path.isEmpty { throw rule(.invalid, "ufs.delete", path, .mountRoot) }
    let isDeleted: Bool
    do throws(UFSError) {
      isDeleted = try await ask("ufs.delete", path) { ring throws(HDFSFailure) in
        try await ring.nameNodes.delete(remotePath(path), recursive: recursive)
      }
    } catch  where error.code == .notDirectory {
      throw missing("ufs.delete", path)
    }
    guard isDeleted else { throw missing("ufs.delete", path) }
  }

  /// `error`, but that a file is on the way to `path` when that is why its parent was not found.
  func aboutParent(of path: String, _ error: UFSError) async -> UFSError {
    guard error.code == .notFound else { return error }
    var rest = path
    while let (above, _) = splitPath(rest), !above.isEmpty {
      if let found = try? await find(above, error.operation) {
        return found.kind == .directory
          ? error : rule(.notDirectory, error.operation, path, .targetExists)
      }
      rest = above
    }
    return error
  }

  /// The error for a request that the name node answered with no.
  func refused(_ operation: StaticString, _ path: String) -> UFSError {
    UFSError(
      .io, operation: operation, path: ufsPath(of: path),
      cause: .hdfs(exception: "the name node refused"))
  }

  /// Throws `.notFound` unless the directory of `path` is there.
  private func checkParent(of path: String) async throws(UFSError) {
    guard let parent = splitPath(path)?.directory, !parent.isEmpty else { return }
    guard let found = try await find(parent, "ufs.rename"), found.kind == .directory else {
      throw missing("ufs.rename", path)
    }
  }

  /// Throws unless `new` can take the place of `old`.
  private func checkReplacement(
    of old: HDFSStatus, at path: String, by new: HDFSStatus, holdsSource: Bool
  ) throws(UFSError) {
    let isDirectory = old.kind == .directory
    if holdsSource { throw rule(.notEmpty, "ufs.rename", path, .intoItself) }
    if isDirectory, new.kind != .directory {
      throw rule(.isDirectory, "ufs.rename", path, .isDirectory)
    }
    if !isDirectory, new.kind == .directory {
      throw rule(.notDirectory, "ufs.rename", path, .targetExists)
    }
    if isDirectory, old.childCount ?? 0 > 0 {
      throw rule(.notEmpty, "ufs.rename", path, .targetExists)
    }
  }
}
