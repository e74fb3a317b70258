// One stream's file: written, read back and compared, one operation at a time.

import Glibc
import Model
import Ring
import UFS

/// What one stream brought.
struct StreamResult: Sendable {
  var point: StreamPoint?
  var error: UFSIOTestError?
  var latencies = LatencyHistogram()
}

/// The work on one file.
struct StreamWork: Sendable {
  let ufs: any UnderFileSystem
  let plan: UFSIOTestPlan
  let stop: StopFlag
  /// The path below the UFS's root.
  let path: String

  /// Writes the file; called on a ring.
  func write() async -> StreamResult {
    await measured(.write) { latencies throws(UFSIOTestError) in
      let bytes = TestBytes(name: path, size: plan.bufferSize)
      let writer = try await own { () throws(UFSError) in try await ufs.create(path, .replacing) }
      do throws(UFSIOTestError) {
        try await append(bytes, to: writer, &latencies)
        _ = try await own { () throws(UFSError) in try await writer.commit() }
      } catch {
        await writer.abort()
        throw error
      }
    }
  }

  private func append(
    _ bytes: TestBytes, to writer: any UFSWriter, _ latencies: inout LatencyHistogram
  ) async throws(UFSIOTestError) {
    var offset: Int64 = 0
    while offset < plan.size {
      try stop.check()
      let count = Int(min(Int64(plan.bufferSize), plan.size - offset))
      let part = unsafe bytes.expected(count, at: offset)
      let start = ResourceUse.clock()
      try await own { () throws(UFSError) in unsafe try await writer.append(part) }
      latencies.add(ResourceUse.clock() - start)
      offset += Int64(count)
    }
  }

  /// Reads the file from start to end; called on a ring.
  func read() async -> StreamResult {
    await measured(.read) { latencies throws(UFSIOTestError) in
      let reader = try await own { () throws(UFSError) in
        try await ufs.open(path, expecting: nil, for: .demand)
      }
      do throws(UFSIOTestError) {
        try await readAll(reader, &latencies)
      } catch {
        await reader.close()
        throw error
      }
      await reader.close()
    }
  }

  private func readAll(
    _ reader: any UFSReader, _ latencies: inout LatencyHistogram
  ) async throws(UFSIOTestError) {
    guard reader.version.length == plan.size else {
      throw UFSIOTestError(
        .wrongLength(
          path: ufs.ufsPath(of: path), found: reader.version.length, expected: plan.size))
    }
    let expected = TestBytes(name: path, size: plan.bufferSize)
    let buffer = AlignedBuffer(plan.bufferSize)
    reader.announce(0..<plan.size)
    var offset: Int64 = 0
    while offset < plan.size {
      try stop.check()
      let count = Int(min(Int64(plan.bufferSize), plan.size - offset))
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count])
      let start = ResourceUse.clock()
      let read = try await own { () throws(UFSError) in
        unsafe try await reader.read(into: target, at: offset)
      }
      latencies.add(ResourceUse.clock() - start)
      guard read.count == count else {
        throw UFSIOTestError(
          .wrongLength(
            path: ufs.ufsPath(of: path), found: offset + Int64(read.count), expected: plan.size))
      }
      if plan.verifies,
        let wrong = unsafe expected.mismatch(in: UnsafeRawBufferPointer(target), at: offset)
      {
        throw UFSIOTestError(.wrongBytes(path: ufs.ufsPath(of: path), offset: wrong))
      }
      offset += Int64(count)
    }
  }

  private func measured(
    _ direction: StreamPoint.Direction,
    _ body: (inout LatencyHistogram) async throws(UFSIOTestError) -> Void
  ) async -> StreamResult {
    var result = StreamResult()
    let start = ResourceUse.clock()
    do throws(UFSIOTestError) {
      try stop.check()
      try await body(&result.latencies)
      result.point = StreamPoint(
        direction: direction, seconds: Double(ResourceUse.clock() - start) * 1e-9, bytes: plan.size)
    } catch {
      result.error = error
    }
    return result
  }

  private func own<T>(
    _ body: () async throws(UFSError) -> T
  ) async throws(UFSIOTestError) -> T {
    do throws(UFSError) { return try await body() } catch { throw UFSIOTestError(.ufs(error)) }
  }
}

/// Memory for direct I/O.
// SAFETY: the memory belongs to this value alone and lives as long as it does.
@safe final class AlignedBuffer {
  /// The bytes, aligned to 4 KiB and resident.
  let bytes: UnsafeMutableRawBufferPointer

  /// Memory of `count` bytes.
  init(_ count: Int) {
    unsafe bytes = .allocate(byteCount: (count + 4095) & ~4095, alignment: 4096)
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { unsafe bytes.deallocate() }
}
