// Deletions: one object, or all keys below a prefix, a thousand at a time.

import HTTPWire
import Model

extension S3UFS {
  /// Most keys of one bulk deletion.
  private static let bulkCountMax = 1000

  package func delete(_ path: String, recursive: Bool) async throws(UFSError) {
    try checkChange(path, "ufs.delete")
    if path.isEmpty { throw error(.invalid, "ufs.delete", path, .rule(.mountRoot)) }
    let isFile = try await file(path, "ufs.delete") != nil
    if isFile { try await deleteKey(key(path), path) }
    if recursive {
      // A path can be both: then both go.
      do throws(UFSError) { try await deleteTree(path) } catch
        where isFile && error.code == .notFound
      {}
    } else if !isFile {
      try await deleteMarker(path)
    }
  }

  /// Deletes a directory that has nothing but its marker.
  private func deleteMarker(_ path: String) async throws(UFSError) {
    let marker = directoryKey(path)
    var stream = S3KeyStream(S3ListQuery(prefix: marker, delimiter: nil, keyCountMax: 2))
    guard try await stream.hasKeys(self, path, "ufs.delete") else {
      throw missing(path, "ufs.delete")
    }
    let first = try await stream.next(self, path, "ufs.delete")
    let second = first == nil ? nil : try await stream.next(self, path, "ufs.delete")
    guard stream.takeUnreadableCount() == 0, second == nil, let first, isSameText(first.key, marker)
    else {
      throw error(.notEmpty, "ufs.delete", path, .rule(.hasEntries))
    }
    try await deleteKey(marker, path)
  }

  /// Deletes every key below a directory, its marker included.
  private func deleteTree(_ path: String) async throws(UFSError) {
    var stream = S3KeyStream(
      S3ListQuery(prefix: directoryKey(path), delimiter: nil, keyCountMax: 1000))
    var keys: [String] = []
    var isFound = false
    while let item = try await stream.next(self, path, "ufs.delete") {
      isFound = true
      keys.append(item.key)
      guard keys.count == Self.bulkCountMax else { continue }
      try await deleteKeys(keys, path)
      keys.removeAll(keepingCapacity: true)
    }
    try await deleteKeys(keys, path)
    let unreadableCount = stream.takeUnreadableCount()
    if unreadableCount > 0 {
      // What cannot be named cannot be deleted; it would be wrong to say that all is gone.
      throw error(.notEmpty, "ufs.delete", path, .rule(.uncopyable))
    }
    if !isFound { throw missing(path, "ufs.delete") }
  }

  private func deleteKeys(_ keys: [String], _ path: String) async throws(UFSError) {
    // XML has no way to write control characters.
    let isPlain = { (key: String) in key.utf8.allSatisfy { $0 >= 0x20 } }
    let bulk = options.deletesInBulk ? keys.filter(isPlain) : []
    if bulk.count > 1 { try await deleteBulk(bulk, path) }
    for key in keys where bulk.count <= 1 || !isPlain(key) { try await deleteKey(key, path) }
  }

  private func deleteKey(_ key: String, _ path: String) async throws(UFSError) {
    let request = S3Request(
      .delete, key: key, operation: "ufs.delete", path: ufsPath(of: path))
    do throws(UFSError) {
      _ = try await requester.performEmpty(request)
    } catch  where error.code == .notFound {
      // Somebody else was faster; it is gone, as asked.
    }
  }

  private func deleteBulk(_ keys: [String], _ path: String) async throws(UFSError) {
    var text = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>"
    for key in keys { text += "<Object><Key>\(S3Text.escaped(key))</Key></Object>" }
    text += "</Delete>"
    let body = S3Text(text)
    var request = S3Request(.post, key: nil, operation: "ufs.delete", path: ufsPath(of: path))
    request.query = [("delete", "")]
    request.fields = [
      ("Content-Type", "application/xml"),
      ("Content-MD5", unsafe Base64.text(MD5.digest(of: body.bytes))),
    ]
    unsafe request.body = body.bytes
    defer { withExtendedLifetime(body) {} }
    let reply = try await requester.performReply(request)
    guard reply.root == "DeleteResult" else {
      throw error(.io, "ufs.delete", path, .store(status: 200, code: "NoDeleteResult"))
    }
    guard let failure = reply.failures.first else { return }
    let word = S3Failure(status: 200, word: failure.code, request: request)
    throw error(word.code, "ufs.delete", path, word.cause)
  }
}
