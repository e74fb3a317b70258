// Directories, times, copies and names.

import HTTPWire
import Model

extension S3UFS {
  package func makeDirectory(
    _ path: String, recursive: Bool
  ) async throws(UFSError) -> DirectoryCreation {
    try checkChange(path, "ufs.mkdir")
    if path.isEmpty { return .existed }
    if try await file(path, "ufs.mkdir") != nil {
      throw error(.exists, "ufs.mkdir", path, .rule(.targetExists))
    }
    if try await isDirectory(path, "ufs.mkdir") { return .existed }
    // Directories above are there as soon as a key lies below them.
    if options.writesMarkers { try await putMarker(path, "ufs.mkdir") }
    return .created
  }

  package func touch(_ path: String) async throws(UFSError) {
    try checkChange(path, "ufs.touch")
    if path.isEmpty { return }
    if let object = try await object(path, "ufs.touch") {
      try await refresh(object, path)
    } else if try await isDirectory(path, "ufs.touch") {
      if options.writesMarkers { try await putMarker(path, "ufs.touch") }
    } else {
      let empty = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
      _ = unsafe try await put(empty, path, .exclusive, "ufs.touch")
    }
  }

  package func rename(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) {
    try checkChange(source, "ufs.rename")
    try checkChange(target, "ufs.rename")
    // A copy and a deletion are two steps: others would see both names, or a half-moved tree.
    throw error(.unsupported, "ufs.rename", source, .rule(.noRename))
  }

  package func copyFile(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) {
    try check(source, "ufs.copy")
    try checkChange(target, "ufs.copy")
    guard let status = try await file(source, "ufs.copy"), let version = status.version else {
      let isThere = try await isDirectory(source, "ufs.copy")
      guard isThere else { throw missing(source, "ufs.copy") }
      throw error(.isDirectory, "ufs.copy", source, .rule(.isDirectory))
    }
    if target.isEmpty { throw error(.isDirectory, "ufs.copy", target, .rule(.mountRoot)) }
    if isSameText(source, target), replacing {
      throw error(.invalid, "ufs.copy", target, .rule(.intoItself))
    }
    if !replacing, try await file(target, "ufs.copy") != nil {
      throw error(.exists, "ufs.copy", target, .rule(.targetExists))
    }
    if version.length > Self.singleSizeMax {
      try await StreamedCopy.file(
        from: self, source, to: self, target, replacing ? .replacing : .exclusive)
    } else {
      try await copy(version, from: source, to: target, "ufs.copy")
    }
  }

  /// Gives an object its own bytes and metadata again, under a new time.
  private func refresh(_ object: Object, _ path: String) async throws(UFSError) {
    guard object.version.length <= Self.singleSizeMax,
      let metadata = S3Metadata.fields(of: object.head)
    else {
      throw unsupported("ufs.touch", path)
    }
    // S3 copies onto the same name only what changes with it, and forgets what is not said again.
    try await copy(
      object.version, from: path, to: path, "ufs.touch",
      [("x-amz-metadata-directive", "REPLACE")] + metadata)
  }

  /// Lets the store copy one version of an object.
  private func copy(
    _ version: FileVersion, from source: String, to target: String, _ operation: StaticString,
    _ fields: [(name: String, value: String)] = []
  ) async throws(UFSError) {
    let bucket = requester.state.endpoint.bucket
    let place = "/\(S3Coding.encode(bucket))/\(S3Coding.encode(key(source), keepingSlash: true))"
    var request = self.request(.put, target, operation)
    request.fields = fields + [("x-amz-copy-source", place)]
    if S3Version.isStrong(version.token) {
      request.fields.append(("x-amz-copy-source-if-match", version.token))
    }
    if options.encrypts, !fields.contains(where: { $0.name == "x-amz-server-side-encryption" }) {
      request.fields.append(("x-amz-server-side-encryption", "AES256"))
    }
    let reply = try await requester.performReply(request)
    guard reply.root == "CopyObjectResult" else {
      throw error(.io, operation, target, .store(status: 200, code: reply.root))
    }
  }

  private func putMarker(_ path: String, _ operation: StaticString) async throws(UFSError) {
    let empty = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    _ = try await requester.performEmpty(
      unsafe put(empty, directoryKey(path), path, operation))
  }
}
