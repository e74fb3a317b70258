// The index file of a job: one path a line, plain or gzip, read as it is needed.

import Model
import UFS

/// An index file under way from its start; used by one task of the coordinator's ring at a time.
@safe final class JobIndex {
  /// Bytes read at a time, and bytes inflated at a time: these may become a thousand times as many.
  private static let readSize = 256 << 10
  private static let inflateSize = 4096

  private let place: MountedPath
  private var reader: (any UFSReader)?
  private var offset: Int64 = 0
  private var input: ArraySlice<UInt8> = []
  private var lines = IndexLines()
  private var gzip: GzipDecoder?
  private var isAtEnd = false

  /// The index at `place`.
  init(_ place: MountedPath) { self.place = place }

  /// The next lines, at most `max` of them; none at the end.
  ///
  /// - Throws: what the UFS says; `.invalid` for damaged gzip.
  func next(max: Int) async throws(UFSError) -> [IndexLine] {
    while lines.found.isEmpty, !isAtEnd { try await fill() }
    return lines.take(max: max)
  }

  /// Ends the reading.
  func close() async {
    await reader?.close()
    reader = nil
  }

  private func fill() async throws(UFSError) {
    if input.isEmpty {
      let isFirst = offset == 0
      try await read()
      if isFirst, input.starts(with: [0x1f, 0x8b]) { gzip = try await decoder() }
    }
    guard !input.isEmpty else {
      isAtEnd = true
      if let gzip, !gzip.isComplete { throw damaged("it is cut short") }
      return lines.finish()
    }
    guard let gzip else {
      lines.add(input)
      input = []
      return
    }
    let piece = input.prefix(Self.inflateSize)
    input = input.dropFirst(piece.count)
    var found = lines
    do throws(GzipDecoder.Problem) {
      try gzip.decode(piece) { found.add($0) }
    } catch { throw damaged(error.reason) }
    lines = found
  }

  private func decoder() async throws(UFSError) -> GzipDecoder {
    do throws(GzipDecoder.Problem) { return try GzipDecoder() } catch {
      throw damaged(error.reason)
    }
  }

  private func damaged(_ reason: String) -> UFSError {
    UFSError(
      .invalid, operation: "job.index", path: place.ufsPath, cause: .store(status: 0, code: reason))
  }

  private func read() async throws(UFSError) {
    if reader == nil { reader = try await place.ufs.open(place.path, expecting: nil, for: .load) }
    guard let reader else { return }
    let count = Int(min(Int64(Self.readSize), reader.version.length - offset))
    guard count > 0 else { return }
    // SAFETY: the buffer is this frame's until the read has ended.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readSize, alignment: 4096)
    defer { unsafe buffer.deallocate() }
    let slice = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    let read = try await unsafe reader.read(into: slice, at: offset)
    input = unsafe Array(buffer[..<read.count])[...]
    offset += Int64(read.count)
  }
}
