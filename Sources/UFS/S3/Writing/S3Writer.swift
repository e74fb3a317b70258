// A new object on its way in.
//
//   append … ≤ one part     commit: one PUT
//   append … more           CreateMultipartUpload, UploadPart (several at once) …, commit: CompleteMultipartUpload       abort: AbortMultipartUpload
//
// Nothing is visible before commit either way. Memory: one part, which grows with what is written, and those on their way.

import HTTPWire
package import Model
import Ring

/// An object being written.
package final class S3Writer: UFSWriter {
  /// Most parts of an upload.
  static let partCountMax = 10_000

  private let fileSystem: S3UFS
  private let path: String
  private let mode: UFSCreation
  private let reactor: Reactor
  private var buffer = S3PartBuffer()
  private var upload: S3Upload?
  private var length: Int64 = 0
  private var isOpen = true

  /// A writer of the object at `path`.
  init(_ fileSystem: S3UFS, _ path: String, _ mode: UFSCreation) {
    self.fileSystem = fileSystem
    self.path = path
    self.mode = mode
    reactor = fileSystem.requester.reactor
  }

  deinit {
    guard isOpen, let upload else { return }
    reactor.spawn { await upload.abort() }
  }

  package func append(_ bytes: UnsafeRawBufferPointer) async throws(UFSError) {
    precondition(isOpen, "a writer is used before its end")
    let partSize = fileSystem.options.partSize
    var rest = unsafe bytes
    while unsafe !rest.isEmpty {
      if buffer.count == partSize {
        try await uploadPart()
      }
      let count = min(rest.count, partSize - buffer.count)
      unsafe buffer.append(UnsafeRawBufferPointer(rebasing: rest[..<count]), max: partSize)
      unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    length += Int64(bytes.count)
  }

  package func commit() async throws(UFSError) -> FileStatus {
    precondition(isOpen, "a writer is used before its end")
    if mode == .exclusive, try await fileSystem.file(path, "ufs.commit") != nil {
      throw fileSystem.error(.exists, "ufs.commit", path, .rule(.targetExists))
    }
    let tag: String
    if upload == nil {
      tag = unsafe try await fileSystem.put(unsafe buffer.bytes, path, mode, "ufs.commit")
    } else {
      if buffer.count > 0 { try await uploadPart() }
      guard let upload else { preconditionFailure("an upload that was begun is there") }
      tag = try await upload.complete(mode)
    }
    isOpen = false
    buffer.free()
    guard let version = S3Version.version(entityTag: tag, length: length) else {
      // Written, and the store did not say as what.
      return try await fileSystem.status(of: path)
    }
    return fileSystem.fileStatus(
      path, version, modified: SystemCall.wallClock() / 1_000_000_000)
  }

  package func abort() async {
    guard isOpen else { return }
    isOpen = false
    buffer.free()
    await upload?.abort()
  }

  /// Sends what is in the buffer on its way as the next part.
  private func uploadPart() async throws(UFSError) {
    let current: S3Upload
    if let upload {
      current = upload
    } else {
      current = try await S3Upload.begin(fileSystem, path)
      // Known before the part is sent, so that an abort finds it.
      upload = current
    }
    guard current.partCount < Self.partCountMax else {
      throw fileSystem.error(
        .noSpace, "ufs.append", path, .store(status: 0, code: "TooManyParts"))
    }
    var full = S3PartBuffer()
    swap(&full, &buffer)
    try await current.add(S3Part(full))
  }
}
