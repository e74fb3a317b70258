// What a contract case is given: a UFS to test, and convenience around it.

import Model
import Testing

@testable import UFS

/// An empty, writable UFS under test.
///
/// To put another UFS under the contract, make one of these per case and run `UFSContract.cases` with it.
struct UFSSubject: Sendable {
  /// The UFS, with nothing below its root.
  let fileSystem: any UnderFileSystem
  /// What must stay alive meanwhile: a directory, a server.
  let keepAlive: any Sendable
  /// Names of the contract that this store, as it runs in the test, has no way to hold.
  var impossibleNames: Set<String> = []
  /// How files get into a UFS that cannot be written: behind its back.
  var seed: (@Sendable (String, [UInt8]) async throws -> FileStatus)?

  /// Writes a whole file through the UFS.
  @discardableResult
  func put(
    _ path: String, _ bytes: [UInt8], _ mode: UFSCreation = .replacing
  ) async throws(UFSError) -> FileStatus {
    if let seed {
      do {
        return try await seed(path, bytes)
      } catch let error as UFSError {
        throw error
      } catch {
        Issue.record("\(path) could not be put: \(error)")
      }
    }
    let writer = try await fileSystem.create(path, mode)
    do throws(UFSError) {
      try await append(bytes, to: writer)
      return try await writer.commit()
    } catch {
      await writer.abort()
      throw error
    }
  }

  /// Appends bytes to a writer.
  func append(_ bytes: [UInt8], to writer: any UFSWriter) async throws(UFSError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    defer { unsafe buffer.deallocate() }
    unsafe buffer.copyBytes(from: bytes)
    unsafe try await writer.append(UnsafeRawBufferPointer(buffer))
  }

  /// Writes bytes in place.
  func write(_ bytes: [UInt8], to path: String, at offset: Int64) async throws(UFSError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    defer { unsafe buffer.deallocate() }
    unsafe buffer.copyBytes(from: bytes)
    unsafe try await fileSystem.write(UnsafeRawBufferPointer(buffer), to: path, at: offset)
  }

  /// Reads up to `count` bytes of an open file.
  func read(
    _ reader: any UFSReader, at offset: Int64, _ count: Int
  ) async throws(UFSError) -> (bytes: [UInt8], isSettled: Bool) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
    defer { unsafe buffer.deallocate() }
    let outcome = unsafe try await reader.read(into: buffer, at: offset)
    return (unsafe Array(buffer[..<outcome.count]), outcome.isSettled)
  }

  /// Reads a whole file.
  func contents(_ path: String) async throws(UFSError) -> [UInt8] {
    let reader = try await fileSystem.open(path, expecting: nil)
    let bytes = try await read(reader, at: 0, Int(reader.version.length)).bytes
    await reader.close()
    return bytes
  }

  /// Drains a lister in batches of `max`.
  func drain(
    _ lister: any UFSLister, max: Int = 100
  ) async throws(UFSError) -> [UFSListingBatch] {
    var batches: [UFSListingBatch] = []
    while let batch = try await lister.next(max: max) { batches.append(batch) }
    return batches
  }

  /// The entries of a directory.
  func entries(
    _ path: String, order: UFSListing.Order = .unsorted, max: Int = 100
  ) async throws(UFSError) -> [UFSEntry] {
    try await drain(try await fileSystem.list(path, UFSListing(order: order)), max: max)
      .flatMap(\.entries)
  }

  /// The paths below a directory, directories with a slash.
  func tree(
    _ path: String = "", order: UFSListing.Order = .unsorted, max: Int = 100
  ) async throws(UFSError) -> [String] {
    try await drain(try await fileSystem.walk(path, UFSListing(order: order)), max: max)
      .flatMap(\.entries).map { $0.status.kind == .directory ? $0.path + "/" : $0.path }
  }

  /// The code of what `body` throws, nil for nothing.
  func code<T>(_ body: (any UnderFileSystem) async throws -> T) async -> UFSError.Code? {
    do {
      _ = try await body(fileSystem)
      return nil
    } catch let error as UFSError {
      return error.code
    } catch {
      Issue.record("an error that is not the module's: \(error)")
      return nil
    }
  }
}
