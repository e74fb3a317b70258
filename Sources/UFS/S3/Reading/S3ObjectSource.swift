// One version of an object, asked for by ranges.
//
// Every GET says If-Match, and every reply is checked: status, Content-Range, length, entity tag, version id. What does not
// fit is `.changed` or `.io`, never bytes.

import HTTPWire
import Model
import Ring

/// An object at one version.
final class S3ObjectSource: RangedSource {
  let version: FileVersion
  let flow: UInt64
  private let fileSystem: S3UFS
  private let path: String
  /// The version id of the first reply, where the bucket has them: all others must have it, too.
  private var versionID: String?

  /// The object at `path`.
  init(_ fileSystem: S3UFS, _ path: String, _ version: FileVersion) {
    self.fileSystem = fileSystem
    self.path = path
    self.version = version
    flow = FlowControl.flow(of: path)
  }

  var gate: FlowGate { fileSystem.requester.gate }

  /// Tags name bytes from the first moment on.
  var isSettled: Bool { true }

  var deadline: UInt64 {
    min(
      fileSystem.requester.reactor.now &+ fileSystem.options.requestTimeout.nanoseconds,
      UFSDeadline.current)
  }

  func get(
    _ range: Range<Int64>, for purpose: UFSPurpose, abort: HTTPClientAbort?
  ) async throws(RangedFailure) -> RangedBody {
    var request = fileSystem.request(.get, path, "ufs.read")
    request.purpose = purpose
    request.abort = abort
    request.replySize = Int64(range.count)
    request.fields.append(("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
    if S3Version.isStrong(version.token) { request.fields.append(("If-Match", version.token)) }
    do throws(S3Failure) {
      return try await fileSystem.requester.attempt(request) { (response) throws(S3Failure) in
        try check(response, range)
        return RangedBody(response: response, start: range.lowerBound, end: range.upperBound)
      }
    } catch {
      throw failure(error)
    }
  }

  func failure(_ error: HTTPClientError) -> RangedFailure { failure(S3Failure(error)) }

  func wrongLength(isShort: Bool, status: UInt16) -> RangedFailure {
    failure(
      isShort
        ? S3Failure(.unavailable, .store(status: status, code: "ShortBody"))
        : .broken("LongBody"))
  }

  private func failure(_ failure: S3Failure) -> RangedFailure {
    RangedFailure(
      fileSystem.error(failure.code, "ufs.read", path, failure.cause),
      retryAfter: failure.retryAfter)
  }

  /// Throws unless the reply brings `range` of our version.
  private func check(
    _ response: HTTPClientResponse, _ range: Range<Int64>
  ) throws(S3Failure) {
    let count = range.upperBound - range.lowerBound
    let field = response.field("Content-Range")
    if response.status == 206 || response.status == 200 && field != nil {
      guard let found = field.flatMap({ HTTPContentRange($0) }) else {
        throw .broken("NoContentRange")
      }
      // Some stores say 200 with a part (rclone's): good only when all that says so agrees.
      guard response.status == 206 || found.length != nil && response.contentLength == count else {
        throw .broken("NoRange")
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
