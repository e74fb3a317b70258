// Files of a bucket below a prefix. What a directory is, S3 leaves to us:
//
//   key "a/b"            the file a/b
//   key "a/b/"           a marker: the directory a/b, empty or not; its bytes, if any, are not looked at
//   any key "a/b/…"      the directory a/b is there without a marker
//
// A path that is both is the file; listings show both. Nothing is cached here: each call asks the store.

import HTTPWire
package import Model
import Ring

/// A bucket, or what is below a prefix of it.
package final class S3UFS: UnderFileSystem {
  package let rootURI: String
  /// The mount's options.
  let options: S3Options
  /// How the store is asked.
  let requester: S3Requester
  /// Memory of objects on their way.
  let uploads: UploadMemory
  /// What comes before every path: `""`, or components and a slash.
  let prefix: String

  /// A UFS over `bucket` and the keys that begin with `root` and a slash.
  init(
    bucket: String, root: String, scheme: String, options: S3Options, requester: S3Requester,
    uploads: UploadMemory
  ) {
    self.uploads = uploads
    rootURI = root.isEmpty ? "\(scheme)://\(bucket)" : "\(scheme)://\(bucket)/\(root)"
    prefix = root.isEmpty ? "" : "\(root)/"
    self.options = options
    self.requester = requester
    let known = requester.state.endpoint
    endpoint = known.isAmazon ? "amazonaws.com" : known.base.authority
  }

  /// Where the bucket was said to be: all regions of AWS are one place.
  let endpoint: String

  package var capabilities: UFSCapabilities {
    options.isReadOnly ? [.flatListing] : [.write, .serverCopy, .flatListing]
  }

  package func validate(_ path: String) throws(UFSError) { try check(path, "ufs.path") }

  // MARK: Status

  package func status(of path: String) async throws(UFSError) -> FileStatus {
    try check(path, "ufs.status")
    if !path.isEmpty, let file = try await file(path, "ufs.status") { return file }
    guard try await isDirectory(path, "ufs.status") else { throw missing(path, "ufs.status") }
    return directoryStatus(path)
  }

  /// The status of the object at `path`; nil when there is none.
  func file(
    _ path: String, _ operation: StaticString, _ purpose: UFSPurpose = .demand
  ) async throws(UFSError) -> FileStatus? {
    guard let object = try await object(path, operation, purpose) else { return nil }
    return fileStatus(
      path, object.version, modified: Self.date(object.head.field("Last-Modified")))
  }

  /// An object as a HEAD tells it.
  struct Object {
    /// The reply's head: the metadata.
    let head: HTTPResponseHead
    /// The version.
    let version: FileVersion
  }

  /// The object at `path`; nil when there is none.
  func object(
    _ path: String, _ operation: StaticString, _ purpose: UFSPurpose = .demand
  ) async throws(UFSError) -> Object? {
    var request = request(.head, path, operation)
    request.purpose = purpose
    do throws(UFSError) {
      let reply = try await requester.performEmpty(request)
      guard let length = reply.contentLength else {
        throw error(.io, operation, path, .store(status: reply.status, code: "NoContentLength"))
      }
      guard let version = S3Version.version(entityTag: reply.field("ETag") ?? "", length: length)
      else { throw error(.io, operation, path, .store(status: reply.status, code: "NoEntityTag")) }
      return Object(head: reply.head, version: version)
    } catch  where error.code == .notFound {
      return nil
    }
  }

  /// Whether any key lies below `path`, or marks it; the root is always there when the bucket is.
  func isDirectory(_ path: String, _ operation: StaticString) async throws(UFSError) -> Bool {
    let query = S3ListQuery(prefix: directoryKey(path), delimiter: nil, keyCountMax: 1)
    if path.isEmpty {
      _ = try await listPage(query, path, operation)
      return true
    }
    var stream = S3KeyStream(query)
    return try await stream.hasKeys(self, path, operation)
  }

  // MARK: Open

  package func open(
    _ path: String, expecting version: FileVersion?, for purpose: UFSPurpose
  ) async throws(UFSError) -> any UFSReader {
    try check(path, "ufs.open")
    if path.isEmpty { throw error(.isDirectory, "ufs.open", path, .rule(.isDirectory)) }
    if let version {
      guard S3Version.version(entityTag: version.token, length: version.length) == version else {
        throw error(.changed, "ufs.open", path, .rule(.otherVersion))
      }
      // The first read asks: every one says If-Match.
      return RangedReader(S3ObjectSource(self, path, version), for: purpose)
    }
    if let version = try await file(path, "ufs.open", purpose)?.version {
      return RangedReader(S3ObjectSource(self, path, version), for: purpose)
    }
    if try await isDirectory(path, "ufs.open") {
      throw error(.isDirectory, "ufs.open", path, .rule(.isDirectory))
    }
    throw missing(path, "ufs.open")
  }

  // MARK: Shared by the operations

  /// The key of the object at `path`.
  func key(_ path: String) -> String { prefix + path }

  /// What the keys below a directory begin with; the key of its marker.
  func directoryKey(_ path: String) -> String {
    path.isEmpty ? prefix : "\(prefix)\(path)/"
  }

  /// A request for the object at `path`.
  func request(_ method: HTTPMethod, _ path: String, _ operation: StaticString) -> S3Request {
    S3Request(method, key: key(path), operation: operation, path: ufsPath(of: path))
  }

  /// Throws unless `path` keeps the rules.
  func check(_ path: String, _ operation: StaticString) throws(UFSError) {
    var rule = S3Path.brokenRule(path)
    if rule == nil, directoryKey(path).utf8.count > S3Path.keyLengthMax { rule = .pathTooLong }
    guard let rule else { return }
    throw error(rule == .dotDot ? .escapesMount : .invalid, operation, path, .rule(rule))
  }

  /// As `check`, for operations that change what is at `path`.
  func checkChange(_ path: String, _ operation: StaticString) throws(UFSError) {
    try check(path, operation)
    if options.isReadOnly { throw error(.denied, operation, path, .rule(.readOnlyMount)) }
  }

  /// An error about `path`.
  func error(
    _ code: UFSError.Code, _ operation: StaticString, _ path: String, _ cause: UFSError.Cause
  ) -> UFSError {
    UFSError(code, operation: operation, path: ufsPath(of: path), cause: cause)
  }

  /// The error for a path of which the store said that neither object nor key below is there.
  func missing(_ path: String, _ operation: StaticString) -> UFSError {
    error(.notFound, operation, path, .store(status: 404, code: "NoSuchKey"))
  }

  /// The status of a file; `modified` is in seconds since the epoch.
  func fileStatus(_ path: String, _ version: FileVersion, modified: Int64) -> FileStatus {
    FileStatus(
      ufsPath: ufsPath(of: path), kind: .file, length: version.length,
      modificationTime: modified.nanoseconds, mode: options.mode, version: version)
  }

  /// The status of a directory, of which S3 knows nothing but that it is there.
  func directoryStatus(_ path: String) -> FileStatus {
    FileStatus(
      ufsPath: ufsPath(of: path), kind: .directory, length: 0, modificationTime: 0,
      mode: options.mode, version: nil)
  }

  /// Seconds since the epoch of a date in a header line; 0 when there is none.
  static func date(_ text: String?) -> Int64 {
    guard var text else { return 0 }
    return text.withUTF8 { unsafe HTTPDate.parse(UnsafeRawBufferPointer($0)) } ?? 0
  }
}
