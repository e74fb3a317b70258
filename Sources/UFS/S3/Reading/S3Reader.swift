// Reads of one version of an object.
//
//   announced range ──▶ one flow for the reads that go through it      elsewhere ──▶ a GET of its own per read
//
// Every GET says If-Match, and every reply is checked: status, Content-Range, length, entity tag, version id. What does not
// fit is `.changed` or `.io`, never bytes.

import HTTPWire
package import Model
import Ring

/// An object at one version.
package final class S3Reader: UFSReader {
  package let version: FileVersion
  private let fileSystem: S3UFS
  private let path: String
  private let purpose: UFSPurpose
  private var announced: Range<Int64>?
  private var flow: S3Flow?
  /// The version id of the first reply, where the bucket has them: all others must have it, too.
  private var versionID: String?

  /// A reader of the object at `path`; nothing is asked before the first read.
  init(_ fileSystem: S3UFS, _ path: String, _ version: FileVersion, _ purpose: UFSPurpose) {
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
      count = end
    }
    return UFSRead(count: wanted, isSettled: true)
  }

  package func close() async {
    flow?.close()
    flow = nil
  }

  /// The flow for a read of `count` bytes at `offset`.
  private func flow(at offset: Int64, _ count: Int) -> S3Flow {
    if let flow, flow.accepts(offset) { return flow }
    guard let announced, announced.contains(offset), flow.map({ !$0.isInUse }) ?? true else {
      return S3Flow(self, offset..<(offset + Int64(count)))
    }
    flow?.close()
    let fresh = S3Flow(self, offset..<announced.upperBound)
    flow = fresh
    return fresh
  }

  // MARK: For flows

  /// When a receive that begins now must be over, in the scale of `reactor.now`.
  var deadline: UInt64 {
    fileSystem.requester.reactor.now &+ fileSystem.options.requestTimeout.nanoseconds
  }

  /// Waits for the turn of a GET.
  func enter() async throws(S3Failure) -> FlowPass {
    do throws(UFSError) {
      return try await fileSystem.requester.gate.enter(.get, purpose: purpose)
    } catch {
      throw S3Failure(refused: error)
    }
  }

  /// Asks for `range` and checks the reply's head.
  func get(_ range: Range<Int64>) async throws(S3Failure) -> HTTPClientResponse {
    var request = fileSystem.request(.get, path, "ufs.read")
    request.purpose = purpose
    request.replySize = Int64(range.count)
    request.fields.append(("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
    if S3Version.isStrong(version.token) { request.fields.append(("If-Match", version.token)) }
    return try await fileSystem.requester.attempt(request) { (response) throws(S3Failure) in
      try check(response, range)
      return response
    }
  }

  /// Waits before another attempt after `failure`, the `failureCount`th in a row, and returns the pause.
  ///
  /// - Throws: The failure, when it is the last.
  func recover(
    _ failure: S3Failure, _ failureCount: Int, previous: Duration
  ) async throws(UFSError) -> Duration {
    let requester = fileSystem.requester
    let error = fileSystem.error(failure.code, "ufs.read", path, failure.cause)
    guard
      let pause = requester.pause(
        .get, failure, error, attempt: failureCount, previous: previous)
    else { throw error }
    await requester.reactor.sleep(for: pause)
    return pause
  }

  /// Throws unless the reply brings `range` of our version.
  private func check(
    _ response: HTTPClientResponse, _ range: Range<Int64>
  ) throws(S3Failure) {
    let count = range.upperBound - range.lowerBound
    if response.status == 206 {
      guard let field = response.field("Content-Range"), let found = HTTPContentRange(field) else {
        throw .broken("NoContentRange")
      }
      if let length = found.length, length != version.length { throw Self.changed }
      guard found.range == range else { throw .broken("OtherRange") }
    } else {
      // The whole object, as some stores answer: good for nobody who asked for a part.
      guard response.status == 200, count == version.length else { throw .broken("NoRange") }
    }
    try checkVersion(response)
    guard (response.contentLength ?? count) == count else { throw .broken("WrongLength") }
  }

  private func checkVersion(_ response: HTTPClientResponse) throws(S3Failure) {
    guard let tag = response.field("ETag") else { throw .broken("NoEntityTag") }
    guard isSameText(S3Version.normalised(tag), version.token) else { throw Self.changed }
    guard let id = response.field("x-amz-version-id") else { return }
    if let versionID, !isSameText(versionID, id) { throw Self.changed }
    versionID = id
  }

  private static var changed: S3Failure { S3Failure(.changed, .rule(.otherVersion)) }
}
