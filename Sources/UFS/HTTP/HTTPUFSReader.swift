// Reads of one version of a file on a web server.
//
//   announced range ──▶ one flow for the reads that go through it      elsewhere ──▶ a GET of its own per read

import Glibc
import HTTPWire
package import Model
import Ring

/// A file at one version.
package final class HTTPUFSReader: UFSReader {
  package let version: FileVersion
  let fileSystem: HTTPUFS
  let path: String
  let purpose: UFSPurpose
  private var announced: Range<Int64>?
  private var flow: HTTPUFSFlow?
  /// Where the redirects of the last good reply led; asked next, until it fails.
  private var settled: HTTPLocation?

  /// A reader of the file at `path`; nothing is asked before the first read.
  init(_ fileSystem: HTTPUFS, _ path: String, _ version: FileVersion, _ purpose: UFSPurpose) {
    self.fileSystem = fileSystem
    self.path = path
    self.version = version
    self.purpose = purpose
  }

  package func announce(_ range: Range<Int64>) {
    let clamped = range.clamped(to: 0..<version.length)
    announced = clamped.isEmpty ? nil : clamped
  }

  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async throws(UFSError) -> UFSRead {
    precondition(offset >= 0, "an offset is not negative")
    let wanted = Int(clamping: min(Int64(buffer.count), max(0, version.length - offset)))
    var count = 0
    while count < wanted {
      let start = offset + Int64(count)
      let flow = flow(at: start, wanted - count)
      let end = Int(min(Int64(wanted), flow.range.upperBound - offset))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count..<end])
      unsafe try await flow.read(into: part, at: start)
      if flow !== self.flow { flow.close() }
      count = end
    }
    return UFSRead(count: wanted, isSettled: isSettled)
  }

  package func close() async {
    flow?.close()
    flow = nil
  }

  /// Whether a change after this read would have another version for certain.
  private var isSettled: Bool {
    let settleTime = HTTPFileVersion.settleTime(of: version)
    guard settleTime > .min else { return true }
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) >= settleTime
  }

  /// The flow for a read of `count` bytes at `offset`.
  private func flow(at offset: Int64, _ count: Int) -> HTTPUFSFlow {
    if let flow, flow.accepts(offset) { return flow }
    guard let announced, announced.contains(offset), flow?.isInUse != true else {
      return HTTPUFSFlow(self, offset..<(offset + Int64(count)))
    }
    flow?.close()
    let fresh = HTTPUFSFlow(self, offset..<announced.upperBound)
    flow = fresh
    return fresh
  }

  // MARK: For flows

  /// A reply that brings bytes of our version from `start` on.
  struct Body {
    let response: HTTPClientResponse
    let start: Int64
    /// Where the body ends: that of the range asked for, or the file's.
    let end: Int64
  }

  /// Asks for `range` and checks the reply's head.
  ///
  /// A server that knows no ranges sends the whole file, which is good for reads from near its start.
  func get(_ range: Range<Int64>) async throws(HTTPUFSFailure) -> Body {
    var fields = [(name: "Range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")]
    if let condition = HTTPFileVersion.condition(version) { fields.append(condition) }
    let start = settled ?? fileSystem.location(path)
    let reply = try await fileSystem.send(.get, from: start, fields: fields)
    do throws(HTTPUFSFailure) {
      let body = try check(reply, range)
      settled = reply.location == fileSystem.location(path) ? nil : reply.location
      return body
    } catch {
      reply.response.drop()
      // A place that was lent for a while may be gone: ask the server that named it.
      if settled != nil, error.code != .changed {
        settled = nil
        throw HTTPUFSFailure(.unavailable, error.cause)
      }
      throw error
    }
  }

  /// Throws unless the reply brings bytes of our version.
  private func check(_ reply: HTTPUFS.Reply, _ range: Range<Int64>) throws(HTTPUFSFailure) -> Body {
    let head = reply.response.head
    if reply.isDirectory { throw HTTPUFSFailure(.changed, .otherVersion) }
    guard HTTPUFS.isAnswer(head.status) else { throw HTTPUFSFailure(head) }
    guard let isOurs = HTTPFileVersion.matches(version, head) else {
      throw HTTPUFSFailure(.io, .badReply)
    }
    guard isOurs else { throw HTTPUFSFailure(.changed, .otherVersion) }
    if head.status == 200 {
      guard head.contentLength ?? version.length == version.length else {
        throw HTTPUFSFailure(.changed, .otherVersion)
      }
      guard range.lowerBound <= HTTPUFSFlow.gapMax else {
        throw HTTPUFSFailure(.unsupported, .noRanges)
      }
      return Body(response: reply.response, start: 0, end: version.length)
    }
    guard let text = head.field("Content-Range"), let found = HTTPContentRange(text) else {
      throw HTTPUFSFailure(.io, .badReply)
    }
    if let length = found.length, length != version.length {
      throw HTTPUFSFailure(.changed, .otherVersion)
    }
    let count = range.upperBound - range.lowerBound
    guard found.range == range, head.contentLength ?? count == count else {
      throw HTTPUFSFailure(.io, .badReply)
    }
    return Body(response: reply.response, start: range.lowerBound, end: range.upperBound)
  }
}
