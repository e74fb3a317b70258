// A body on its way into the UFS: one buffer, one writer, one step at a time.

import HTTPWire
import Ring
import UFS

/// An upload's buffer and writer; lives as long as a late step still uses them.
// SAFETY: used by tasks of one reactor, one step at a time; after a deadline passes, by the late step alone.
final class Upload: @unchecked Sendable {
  private let writer: RingConfined<any UFSWriter>?
  private let buffer: ReadBuffer
  /// Whether a step is under way; a late one keeps the writer to itself.
  private var isBusy = false

  /// An upload through `buffer`, into `writer` where the whole file is written.
  init(writer: RingConfined<any UFSWriter>?, buffer: consuming ReadBuffer) {
    self.writer = writer
    self.buffer = buffer
  }

  /// Bytes of the buffer.
  var capacity: Int { unsafe buffer.memory.count }

  /// Fills the buffer from the body; fewer bytes than the capacity mean that the body has ended.
  func fill(from exchange: HTTPExchange) async throws(HTTPError) -> Int {
    var count = 0
    while count < capacity {
      // SAFETY: the slice is inside the buffer, which this object keeps.
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.memory[count...])
      let read = try await unsafe exchange.readBody(into: rest)
      if read == 0 { break }
      count += read
    }
    return count
  }

  /// Adds the buffer's first `count` bytes to the file.
  func append(_ count: Int) async -> Result<Void, UFSError> {
    await step { writer throws(UFSError) in
      try await unsafe writer.append(
        UnsafeRawBufferPointer(rebasing: self.buffer.memory[..<count]))
    }
  }

  /// Makes the file durable and visible.
  func commit() async -> Result<Void, UFSError> {
    await step { writer throws(UFSError) in _ = try await writer.commit() }
  }

  /// Drops the file, unless a late step still works on it: then the writer's own end does.
  func abort() async {
    guard !isBusy else { return }
    await writer?.value.abort()
  }

  /// Writes the buffer's first `count` bytes in place.
  func write(
    _ count: Int, to place: MountedPath, at offset: Int64
  ) async -> Result<Void, UFSError> {
    do throws(UFSError) {
      try await unsafe place.ufs.write(
        UnsafeRawBufferPointer(rebasing: buffer.memory[..<count]), to: place.path, at: offset)
      return .success(())
    } catch { return .failure(error) }
  }

  private func step(
    _ body: (any UFSWriter) async throws(UFSError) -> Void
  ) async -> Result<Void, UFSError> {
    guard let writer else { preconditionFailure("an upload of a whole file has a writer") }
    isBusy = true
    defer { isBusy = false }
    do throws(UFSError) {
      try await body(writer.value)
      return .success(())
    } catch { return .failure(error) }
  }
}
