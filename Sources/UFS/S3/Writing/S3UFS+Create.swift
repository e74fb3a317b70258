// New objects.

import HTTPWire
import Model

extension S3UFS {
  /// Bytes of the largest object that one PUT or one copy makes.
  static let singleSizeMax: Int64 = 5 << 30

  package func create(
    _ path: String, _ mode: UFSCreation
  ) async throws(UFSError) -> any UFSWriter {
    try checkChange(path, "ufs.create")
    if path.isEmpty { throw error(.isDirectory, "ufs.create", path, .rule(.mountRoot)) }
    if mode == .exclusive, try await file(path, "ufs.create") != nil {
      throw error(.exists, "ufs.create", path, .rule(.targetExists))
    }
    return S3Writer(self, path, mode)
  }

  package func write(
    _ bytes: UnsafeRawBufferPointer, to path: String, at offset: Int64
  ) async throws(UFSError) {
    try checkChange(path, "ufs.write")
    throw unsupported("ufs.write", path)
  }

  /// Puts a whole object and returns its entity tag.
  ///
  /// An exclusive one says `If-None-Match: *`. A store that does not know it is told without: whoever calls has just seen
  /// that the name is free, which is all that such a store allows.
  func put(
    _ bytes: UnsafeRawBufferPointer, _ path: String, _ mode: UFSCreation,
    _ operation: StaticString
  ) async throws(UFSError) -> String {
    var request = unsafe put(bytes, key(path), path, operation)
    if mode == .exclusive {
      request.fields.append(("If-None-Match", "*"))
      request.conflict = .exists
      // Sent twice, it would meet its own object.
      request.isRepeatable = false
    }
    do throws(UFSError) {
      return try await requester.performEmpty(request).field("ETag") ?? ""
    } catch  where error.code == .unsupported && mode == .exclusive {
      let plain = unsafe put(bytes, key(path), path, operation)
      return try await requester.performEmpty(plain).field("ETag") ?? ""
    }
  }

  /// A request that puts `bytes` at `key`.
  func put(
    _ bytes: UnsafeRawBufferPointer, _ key: String, _ path: String, _ operation: StaticString
  ) -> S3Request {
    var request = S3Request(.put, key: key, operation: operation, path: ufsPath(of: path))
    request.fields = writeFields
    unsafe request.body = bytes
    return request
  }

  /// Fields of every request that makes an object.
  var writeFields: [(name: String, value: String)] {
    var fields: [(name: String, value: String)] = [("Content-Type", "application/octet-stream")]
    if options.encrypts { fields.append(("x-amz-server-side-encryption", "AES256")) }
    return fields
  }

  /// The error for what S3 has no request for.
  func unsupported(_ operation: StaticString, _ path: String) -> UFSError {
    error(.unsupported, operation, path, .store(status: 0, code: "NotImplemented"))
  }
}
