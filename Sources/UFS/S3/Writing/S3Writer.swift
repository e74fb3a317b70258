// A new object on its way in.
//
//   append … ≤ one part     commit: one PUT
//   append … more           CreateMultipartUpload, UploadPart (several at once) …, commit: CompleteMultipartUpload       abort: AbortMultipartUpload
//
// Nothing is visible before commit either way. Memory: one part, which grows with what is written, and those on their way, all
// of it granted by `UploadMemory`, which is what a client's bytes wait for when many write.

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
  /// What `buffer` may grow to; nil while it is empty.
  private var grant: UploadGrant?
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
      let room = await reserve(rest.count)
      let count = min(rest.count, room - buffer.count)
      unsafe buffer.append(UnsafeRawBufferPointer(rebasing: rest[..<count]), max: room)
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
      tag = try await upload.complete(mode, length: length)
    }
    isOpen = false
    release()
    guard let version = S3Version.version(entityTag: tag, length: length) else {
      // Written, and the store did not say as what.
      guard let found = try await fileSystem.file(path, "ufs.commit"), found.length == length
      else {
        throw fileSystem.error(
          .io, "ufs.commit", path, .store(status: 200, code: "NotWritten"))
      }
      return found
    }
    return fileSystem.fileStatus(
      path, version, modified: SystemCall.wallClock() / 1_000_000_000)
  }

  package func abort() async {
    guard isOpen else { return }
    isOpen = false
    release()
    await upload?.abort()
  }

  private func release() {
    buffer.free()
    grant = nil
  }

  /// Waits for memory for `count` bytes more, or as many of them as the part takes; returns what the buffer may grow to.
  private func reserve(_ count: Int) async -> Int {
    let partSize = fileSystem.options.partSize
    let wanted = min(partSize, buffer.count + count)
    if let grant, wanted <= grant.size { return grant.size }
    let isSmall = wanted <= UploadMemory.beginningSize && upload == nil
    let taken =
      isSmall
      ? await fileSystem.uploads.takeBeginning() : await fileSystem.uploads.takePart(partSize)
    grant = taken
    return min(partSize, taken.size)
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
    let part = S3Part(full, grant)
    grant = nil
    try await current.add(part)
  }
}
