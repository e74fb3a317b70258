// The seam to whatever holds the files: a disk today; S3, HDFS and HTTP behind the same protocol.
//
//   MountTable ── UFS path or Alluxio path ──▶ (UnderFileSystem, path below its root) ──▶ status · open · list · create …
//
// Paths here are relative to the root that the instance was made for: no slash at either end, `""` is the root itself.
// All operations are called on a reactor's thread, suspend instead of blocking it, and resume on it. Every
// implementation passes the contract suite in Tests/UFSTests/Contract.

package import Model

/// A store of files below one root.
package protocol UnderFileSystem: Sendable {
  /// The root as a canonical URI without a trailing slash, `file:///` for the whole file system.
  var rootURI: String { get }

  /// What this instance can do; a read-only mount offers nothing that changes files.
  var capabilities: UFSCapabilities { get }

  /// Checks that `path` is one this UFS can have, without asking it.
  ///
  /// - Throws: `.escapesMount` for `..` where directories exist; `.invalid` for what no file can be named.
  func validate(_ path: String) throws(UFSError)

  /// Asks what is at `path`, following links that stay inside the mount.
  ///
  /// - Throws: `.notFound` only when the UFS says so; `.unsupported` for what is neither file nor directory.
  func status(of path: String) async throws(UFSError) -> FileStatus

  /// Asks the store whether it can be used at all; what is found is not kept.
  ///
  /// - Throws: Why files of this UFS cannot be had.
  func probe() async throws(UFSError)

  /// The wall-clock time, in nanoseconds since the epoch, from which `version` identifies its bytes beyond doubt.
  ///
  /// Before it a second write might leave the version unchanged (see `UFSRead.isSettled`). `Int64.min` when versions are
  /// always sound.
  func settleTime(of version: FileVersion) -> Int64

  /// Opens a file for reads of one version: `version`, or with nil the one found now.
  ///
  /// A store that checks the version with every read may leave the question to the first one. `purpose` is that of the
  /// reads.
  ///
  /// - Throws: `.changed` when the file has another version; `.isDirectory`; `.notFound`.
  func open(
    _ path: String, expecting version: FileVersion?, for purpose: UFSPurpose
  ) async throws(UFSError) -> any UFSReader

  /// Starts to list the direct children of a directory.
  ///
  /// - Throws: `.notDirectory` for a file; `.changed` when a cursor's directory is no longer there.
  func list(_ path: String, _ options: UFSListing) async throws(UFSError) -> any UFSLister

  /// Starts to list everything below a directory, each directory before what is in it.
  ///
  /// The default stacks `list`; a store with flat listings overrides it.
  func walk(_ path: String, _ options: UFSListing) async throws(UFSError) -> any UFSLister

  /// Starts to list everything below a directory in no order but that directories come before what is in them.
  ///
  /// Up to `shards` parts of the tree are listed at once, in memory for as many pages. A cursor is good for
  /// this call only, and one of `walk` for this call, too.
  /// The default is `walk`.
  func walk(
    _ path: String, _ options: UFSListing, shards: Int
  ) async throws(UFSError) -> any UFSLister

  /// Starts a new file, which becomes visible, whole and durable, at `commit` and not before.
  ///
  /// - Throws: `.notFound` when the parent directory is missing; `.exists` (`.exclusive`), then or at commit.
  func create(_ path: String, _ mode: UFSCreation) async throws(UFSError) -> any UFSWriter

  /// Writes `bytes` durably at `offset` of a file in place, creating the file when it is missing.
  ///
  /// Readers see the change at once; the file's version changes. `bytes` stays put until this returns.
  func write(
    _ bytes: UnsafeRawBufferPointer, to path: String, at offset: Int64
  ) async throws(UFSError)

  /// Makes a directory, with `recursive` also those above it.
  ///
  /// - Throws: `.exists` when a file is there; `.notFound` when the parent is missing and not `recursive`.
  func makeDirectory(_ path: String, recursive: Bool) async throws(UFSError) -> DirectoryCreation

  /// Makes an empty file, or sets the modification time of what is there to now.
  func touch(_ path: String) async throws(UFSError)

  /// Gives `source` the name `target`, durably; links are renamed, not followed.
  ///
  /// With `replacing` a file takes the place of a file, a directory that of an empty directory.
  ///
  /// - Throws: `.exists` unless `replacing`; `.invalid` into itself; `.unsupported` across devices.
  func rename(_ source: String, to target: String, replacing: Bool) async throws(UFSError)

  /// Copies one file's present version; the copy becomes visible whole or not at all.
  ///
  /// - Throws: `.changed` when the source changes meanwhile; `.exists` unless `replacing`.
  func copyFile(_ source: String, to target: String, replacing: Bool) async throws(UFSError)

  /// Deletes a file, a link or an empty directory, with `recursive` also a directory with all that is in it.
  ///
  /// - Throws: `.notEmpty` unless `recursive`. A recursive deletion that fails has deleted a part.
  func delete(_ path: String, recursive: Bool) async throws(UFSError)
}

/// What a new file does when its name is taken.
package enum UFSCreation: Sendable, Hashable {
  /// It fails with `.exists`.
  case exclusive
  /// It takes the old file's place, in one step.
  case replacing
}

/// What became of a request to make a directory.
package enum DirectoryCreation: Sendable, Hashable {
  /// It was made.
  case created
  /// It was there already.
  case existed
}

extension UnderFileSystem {
  /// The full UFS path of `path`.
  package func ufsPath(of path: String) -> String {
    if path.isEmpty { return rootURI }
    return rootURI.utf8.last == UInt8(ascii: "/") ? rootURI + path : "\(rootURI)/\(path)"
  }

  /// Opens a file for reads that somebody waits for.
  package func open(
    _ path: String, expecting version: FileVersion?
  ) async throws(UFSError) -> any UFSReader {
    try await open(path, expecting: version, for: .demand)
  }

  package func settleTime(of version: FileVersion) -> Int64 { .min }

  package func probe() async throws(UFSError) { _ = try await status(of: "") }

  package func walk(
    _ path: String, _ options: UFSListing
  ) async throws(UFSError) -> any UFSLister {
    try await TreeWalker(self, path, options)
  }

  package func walk(
    _ path: String, _ options: UFSListing, shards: Int
  ) async throws(UFSError) -> any UFSLister {
    try await walk(path, options)
  }

  package func copyFile(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) {
    try await StreamedCopy.file(
      from: self, source, to: self, target, replacing ? .replacing : .exclusive)
  }
}
