// A multipart upload under way.

import HTTPWire
import Model

/// An upload of parts, and those that are there.
struct S3Upload: Sendable {
  private let path: String
  private let id: String
  private var tags: [String] = []

  /// Parts uploaded.
  var partCount: Int { tags.count }

  /// Begins an upload of the object at `path`.
  static func begin(_ fileSystem: S3UFS, _ path: String) async throws(UFSError) -> S3Upload {
    var request = fileSystem.request(.post, path, "ufs.append")
    request.query = [("uploads", "")]
    request.fields = fileSystem.writeFields
    let reply = try await fileSystem.requester.performReply(request)
    guard let id = reply.text("UploadId"), !id.isEmpty else {
      throw fileSystem.error(.io, "ufs.append", path, .store(status: 200, code: "NoUploadId"))
    }
    return S3Upload(path: path, id: id)
  }

  private init(path: String, id: String) {
    self.path = path
    self.id = id
  }

  /// Adds a part; a part that is sent twice replaces itself.
  mutating func add(
    _ bytes: UnsafeRawBufferPointer, _ fileSystem: S3UFS
  ) async throws(UFSError) {
    var request = fileSystem.request(.put, path, "ufs.append")
    request.query = [("partNumber", "\(tags.count + 1)"), ("uploadId", id)]
    unsafe request.body = bytes
    let head = try await fileSystem.requester.performEmpty(request)
    guard let tag = head.field("ETag") else {
      throw fileSystem.error(.io, "ufs.append", path, .store(status: 200, code: "NoEntityTag"))
    }
    tags.append(S3Version.normalised(tag))
  }

  /// Makes the parts one object and returns its entity tag.
  ///
  /// Not repeated after an answer was lost: the store forgets an upload that it completed.
  func complete(
    _ fileSystem: S3UFS, _ mode: UFSCreation
  ) async throws(UFSError) -> String {
    var text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    for (index, tag) in tags.enumerated() {
      text +=
        "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(S3Text.escaped(tag))</ETag></Part>"
    }
    text += "</CompleteMultipartUpload>"
    let body = S3Text(text)
    var request = fileSystem.request(.post, path, "ufs.commit")
    request.query = [("uploadId", id)]
    request.fields = [("Content-Type", "application/xml")]
    if mode == .exclusive { request.fields.append(("If-None-Match", "*")) }
    request.conflict = .exists
    request.isRepeatable = false
    unsafe request.body = body.bytes
    defer { withExtendedLifetime(body) {} }
    let reply = try await fileSystem.requester.performReply(request)
    guard reply.root == "CompleteMultipartUploadResult" else {
      throw fileSystem.error(.io, "ufs.commit", path, .store(status: 200, code: reply.root))
    }
    return reply.text("ETag") ?? ""
  }

  /// Drops the parts.
  ///
  /// A store that cannot be asked keeps them until its own rules remove them.
  func abort(_ fileSystem: S3UFS) async {
    var request = fileSystem.request(.delete, path, "ufs.abort")
    request.query = [("uploadId", id)]
    _ = try? await fileSystem.requester.performEmpty(request)
  }
}
