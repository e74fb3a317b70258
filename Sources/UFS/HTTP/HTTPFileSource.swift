// One version of a file on a web server, asked for by ranges.

import Glibc
import HTTPWire
import Model

/// A file at one version.
final class HTTPFileSource: RangedSource {
  let version: FileVersion
  let flow: UInt64
  private let fileSystem: HTTPUFS
  private let path: String
  /// Where the redirects of the last good reply led; asked next, until it fails.
  private var settled: HTTPLocation?

  /// The file at `path`.
  init(_ fileSystem: HTTPUFS, _ path: String, _ version: FileVersion) {
    self.fileSystem = fileSystem
    self.path = path
    self.version = version
    flow = FlowControl.flow(of: path)
  }

  var gate: FlowGate { fileSystem.gate }

  var deadline: UInt64 { fileSystem.deadline }

  var isSettled: Bool {
    let settleTime = HTTPFileVersion.settleTime(of: version)
    guard settleTime > .min else { return true }
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) >= settleTime
  }

  /// Asks for `range` and checks the reply's head.
  ///
  /// A server that knows no ranges sends the whole file, which is good for reads from near its start.
  func get(
    _ range: Range<Int64>, for purpose: UFSPurpose, abort: HTTPClientAbort?
  ) async throws(RangedFailure) -> RangedBody {
    do throws(HTTPUFSFailure) { return try await ask(range, abort) } catch { throw failure(error) }
  }

  func failure(_ error: HTTPClientError) -> RangedFailure { failure(HTTPUFSFailure(error)) }

  func wrongLength(isShort: Bool, status: UInt16) -> RangedFailure {
    failure(
      isShort
        ? HTTPUFSFailure(.unavailable, .shortRead) : HTTPUFSFailure(.io, .badReply))
  }

  private func failure(_ failure: HTTPUFSFailure) -> RangedFailure {
    RangedFailure(
      fileSystem.error(failure.code, "ufs.read", path, failure.cause),
      retryAfter: failure.retryAfter)
  }

  private func ask(
    _ range: Range<Int64>, _ abort: HTTPClientAbort?
  ) async throws(HTTPUFSFailure) -> RangedBody {
    var fields = [(name: "Range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")]
    if let condition = HTTPFileVersion.condition(version) { fields.append(condition) }
    let start = settled ?? fileSystem.location(path)
    let reply = try await fileSystem.send(.get, from: start, fields: fields, abort: abort)
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
  private func check(
    _ reply: HTTPUFS.Reply, _ range: Range<Int64>
  ) throws(HTTPUFSFailure) -> RangedBody {
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
      guard range.lowerBound <= RangedGap.max else {
        throw HTTPUFSFailure(.unsupported, .noRanges)
      }
      return RangedBody(response: reply.response, start: 0, end: version.length)
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
    return RangedBody(response: reply.response, start: range.lowerBound, end: range.upperBound)
  }
}
