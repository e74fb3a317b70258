// A transfer under way.
//
//   target there? ──same bytes──▶ done already        read source (one version) ─▶ write target, invisible ─▶ commit
//        └ other bytes ─▶ the rule decides                                                     │ digests of 1 MiB parts
//                                              delete source, still that version ◀── read target, compare

import Model
import Ring
import Scheduler
import UFS

/// Copies or moves one file.
@safe final class FileTransfer {
  /// Bytes read and written at a time; what a digest covers.
  private static let partSize = 1 << 20

  private let order: TransferOrder
  private let source: MountedPath
  private let target: MountedPath
  private let pace: @Sendable (Int64) async -> Bool
  // SAFETY: allocated and freed with this object; one read or write at a time uses it.
  private let buffer: UnsafeMutableRawBufferPointer
  private var digests: [Digest256] = []
  /// Whether the last bytes read may be changed once more without a sign of it.
  private var isUnsettled = false

  /// A transfer of `order` between two places.
  init(
    _ order: TransferOrder, from source: MountedPath, to target: MountedPath,
    pace: @escaping @Sendable (Int64) async -> Bool
  ) {
    self.order = order
    self.source = source
    self.target = target
    self.pace = pace
    unsafe buffer = .allocate(byteCount: Self.partSize, alignment: 4096)
  }

  deinit { unsafe buffer.deallocate() }

  /// Does it.
  ///
  /// - Throws: why it was not done.
  func run() async throws(LoadFailure) -> TransferOutcome {
    guard target.ufs.capabilities.contains(.write) else {
      throw LoadFailure(reason: "\(target.ufsPath): the mount is read-only")
    }
    guard !order.deletesSource || source.ufs.capabilities.contains(.write) else {
      throw LoadFailure(reason: "\(source.ufsPath): the mount is read-only")
    }
    let there = try await existing()
    let reader: any UFSReader
    do throws(UFSError) {
      reader = try await source.ufs.open(source.path, expecting: version, for: .load)
    } catch {
      guard order.deletesSource, error.code == .notFound, let there else {
        throw LoadFailure(error)
      }
      // An earlier attempt may have deleted the source and not lived to tell.
      if isOurs(there) { return .done(bytes: there.length) }
      throw LoadFailure(
        .notFound,
        reason: "the source is gone, and nothing shows that \(target.ufsPath) is a copy of it")
    }
    if isOne(with: there, reader.version) {
      await reader.close()
      guard order.deletesSource else { return .skipped }
      throw LoadFailure(
        reason: "\(target.ufsPath) is the same file under another name: it is not moved")
    }
    let outcome = await result(reader, there?.length)
    await reader.close()
    return try outcome.get()
  }

  /// Whether what is at the target is a copy that a move has made: it has the length and the time of the source as listed.
  ///
  /// Where the target keeps no times nothing shows that: a move whose answer was lost after its deletion fails.
  private func isOurs(_ there: FileStatus) -> Bool {
    let listed = order.file.modificationTime
    return target.ufs.capabilities.contains(.keepsTimes) && listed > 0
      && there.length == order.file.length
      // Tasks tell milliseconds.
      && there.modificationTime / 1_000_000 == listed / 1_000_000
  }

  /// What the copy takes over; nil where the target keeps nothing.
  private func attributes() async throws(LoadFailure) -> UFSAttributes? {
    guard target.ufs.capabilities.contains(.keepsTimes) else { return nil }
    guard source.ufs.capabilities.contains(.keepsTimes) else {
      return order.file.modificationTime > 0
        ? UFSAttributes(modificationTime: order.file.modificationTime) : nil
    }
    do throws(UFSError) {
      let status = try await source.ufs.status(of: source.path)
      return UFSAttributes(mode: status.mode & 0o777, modificationTime: status.modificationTime)
    } catch { throw LoadFailure(error) }
  }

  /// Whether what is at the target is the source itself, by a link or by another name of its store.
  private func isOne(with there: FileStatus?, _ version: FileVersion) -> Bool {
    source.ufs.capabilities.contains(.versionsNameFiles)
      && target.ufs.capabilities.contains(.versionsNameFiles) && there?.version == version
  }

  private func result(
    _ reader: any UFSReader, _ there: Int64?
  ) async -> Result<TransferOutcome, LoadFailure> {
    do throws(LoadFailure) { return .success(try await run(reader, there)) } catch {
      return .failure(error)
    }
  }

  private func run(
    _ reader: any UFSReader, _ there: Int64?
  ) async throws(LoadFailure) -> TransferOutcome {
    let length = reader.version.length
    if let there, order.overwrite != .always {
      if there == length, try await isSame(reader) {
        guard order.deletesSource else { return .skipped }
        try await deleteSource(reader.version)
        return .done(bytes: length)
      }
      guard order.overwrite == .ifDifferent else {
        throw LoadFailure(
          reason: "\(target.ufsPath) is there with other content: it is replaced with --overwrite"
            + " if-different, or always")
      }
    }
    let written = try await copy(reader, replacing: order.overwrite != .never)
    guard written.length == length else {
      throw LoadFailure(
        reason: "the copy has \(written.length) of \(length) bytes", retryAfter: .seconds(1))
    }
    if order.checksContent || order.deletesSource { try await verify(written) }
    if order.deletesSource { try await deleteSource(reader.version) }
    return .done(bytes: length)
  }

  /// The version that the listing saw; nil when it told none.
  private var version: FileVersion? {
    order.file.version.isEmpty
      ? nil : FileVersion(token: order.file.version, length: order.file.length)
  }

  /// The file at the target; nil when nothing is there.
  private func existing() async throws(LoadFailure) -> FileStatus? {
    do throws(UFSError) {
      let status = try await target.ufs.status(of: target.path)
      guard status.kind == .file else {
        throw UFSError(
          .isDirectory, operation: "job.transfer", path: target.ufsPath,
          cause: .rule(.isDirectory))
      }
      return status
    } catch {
      if error.code == .notFound { return nil }
      throw LoadFailure(error)
    }
  }

  // MARK: Bytes

  private func copy(
    _ reader: any UFSReader, replacing: Bool
  ) async throws(LoadFailure) -> FileStatus {
    let attributes = try await attributes()
    let writer = try await create(replacing ? .replacing : .exclusive)
    if let attributes { writer.keep(attributes) }
    do throws(LoadFailure) {
      (digests, isUnsettled) = ([], false)
      var offset: Int64 = 0
      while offset < reader.version.length {
        let count = try await readSource(reader, at: offset)
        digests.append(unsafe Digest256(of: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
        try await append(count, to: writer)
        offset += Int64(count)
      }
      guard !Task.isCancelled else { throw LoadFailure(reason: "cancelled") }
      do throws(UFSError) {
        let writer = RingConfined(writer)
        return try await Self.whole { () throws(UFSError) in try await writer.value.commit() }
      } catch { throw LoadFailure(error) }
    } catch {
      await writer.abort()
      throw error
    }
  }

  /// The new file, with the directories above it.
  private func create(_ mode: UFSCreation) async throws(LoadFailure) -> any UFSWriter {
    do throws(UFSError) {
      do throws(UFSError) {
        return try await target.ufs.create(target.path, mode)
      } catch {
        guard error.code == .notFound, let (directory, _) = splitPath(target.path) else {
          throw error
        }
        _ = try await target.ufs.makeDirectory(directory, recursive: true)
        return try await target.ufs.create(target.path, mode)
      }
    } catch { throw LoadFailure(error) }
  }

  private func append(_ count: Int, to writer: any UFSWriter) async throws(LoadFailure) {
    do throws(UFSError) {
      try await unsafe writer.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    } catch { throw LoadFailure(error) }
  }

  private func readSource(
    _ reader: any UFSReader, at offset: Int64
  ) async throws(LoadFailure) -> Int {
    let read = try await read(reader, at: offset)
    if !read.isSettled { isUnsettled = true }
    return read.count
  }

  /// Fills the buffer from `offset` on; fewer bytes than a part only at the end.
  private func read(
    _ reader: any UFSReader, at offset: Int64
  ) async throws(LoadFailure) -> UFSRead {
    let count = min(Int64(Self.partSize), reader.version.length - offset)
    guard await pace(count) else { throw LoadFailure(reason: "cancelled") }
    do throws(UFSError) {
      let slice = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(count)])
      let read = try await unsafe reader.read(into: slice, at: offset)
      guard read.count > 0 else {
        throw UFSError(
          .changed, operation: "job.transfer", path: source.ufsPath, cause: .rule(.shortRead))
      }
      return read
    } catch { throw LoadFailure(error) }
  }

  /// Whether the target has the bytes of the source, which has its length.
  private func isSame(_ reader: any UFSReader) async throws(LoadFailure) -> Bool {
    (digests, isUnsettled) = ([], false)
    var offset: Int64 = 0
    while offset < reader.version.length {
      let count = try await readSource(reader, at: offset)
      digests.append(unsafe Digest256(of: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
      offset += Int64(count)
    }
    return try await hasDigests(nil)
  }

  /// Reads the copy again.
  private func verify(_ written: FileStatus) async throws(LoadFailure) {
    guard try await hasDigests(written.version) else {
      throw LoadFailure(
        reason: "\(target.ufsPath) has other bytes than were written", retryAfter: .seconds(1))
    }
  }

  /// Whether the target's bytes, at a version or as they are now, come to the digests.
  private func hasDigests(_ version: FileVersion?) async throws(LoadFailure) -> Bool {
    let reader: any UFSReader
    do throws(UFSError) {
      reader = try await target.ufs.open(target.path, expecting: version, for: .load)
    } catch { throw LoadFailure(error) }
    let outcome: Result<Bool, LoadFailure>
    do throws(LoadFailure) { outcome = .success(try await compare(reader)) } catch {
      outcome = .failure(error)
    }
    await reader.close()
    return try outcome.get()
  }

  private func compare(_ reader: any UFSReader) async throws(LoadFailure) -> Bool {
    var offset: Int64 = 0
    for digest in digests {
      guard offset < reader.version.length else { return false }
      let count = try await read(reader, at: offset).count
      guard unsafe Digest256(of: UnsafeRawBufferPointer(rebasing: buffer[..<count])) == digest
      else { return false }
      offset += Int64(count)
    }
    return offset == reader.version.length
  }

  /// Deletes the source, if it is still the version that was copied.
  private func deleteSource(_ version: FileVersion) async throws(LoadFailure) {
    try await deletion(version).get()
  }

  /// Runs a step that, once begun, is not called off half-way: nobody could say whether it was done.
  private static func whole<T: Sendable>(
    _ step: @escaping @Sendable () async throws(UFSError) -> T
  ) async throws(UFSError) -> T {
    guard let reactor = Reactor.current else { return try await step() }
    let running = Task(executorPreference: reactor) { () async -> Result<T, UFSError> in
      do throws(UFSError) { return .success(try await step()) } catch { return .failure(error) }
    }
    return try await running.value.get()
  }

  private func deletion(_ version: FileVersion) async -> Result<Void, LoadFailure> {
    do throws(UFSError) {
      let status = try await source.ufs.status(of: source.path)
      guard status.version == version else {
        throw UFSError(
          .changed, operation: "job.transfer", path: source.ufsPath, cause: .rule(.otherVersion))
      }
      if isUnsettled {
        let reason = "the source changed a moment ago, too recently to trust its version"
        return .failure(LoadFailure(reason: reason, retryAfter: .milliseconds(50)))
      }
      guard !Task.isCancelled else { return .failure(LoadFailure(reason: "cancelled")) }
      try await Self.whole { [source] () throws(UFSError) in
        try await source.ufs.delete(source.path, recursive: false)
      }
      return .success(())
    } catch { return .failure(LoadFailure(error)) }
  }
}

extension FileService: FileTransferring {
  package func transfer(
    _ order: TransferOrder, pace: @escaping @Sendable (Int64) async -> Bool
  ) async -> TransferOutcome {
    let (source, target): (MountedPath, MountedPath)
    do throws(UFSError) {
      source = try mounts.locate(ufsPath: order.file.path)
      target = try mounts.locate(ufsPath: order.file.target)
    } catch { return .failed(LoadFailure(error)) }
    let transfer = FileTransfer(order, from: source, to: target, pace: pace)
    do throws(LoadFailure) {
      let outcome = try await transfer.run()
      forget(target.ufsPath)
      if order.deletesSource { forget(source.ufsPath) }
      return outcome
    } catch {
      // What an attempt that failed has left is another version, too.
      forget(target.ufsPath)
      return .failed(error)
    }
  }
}
