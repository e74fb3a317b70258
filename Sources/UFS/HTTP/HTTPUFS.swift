// Files of a web server, read only.
//
//   status  HEAD; where that is refused, a GET of one byte      version  a strong entity tag, else modification time and length
//   read    GET with Range and If-Match (or If-Unmodified-Since), followed through redirects; every reply is checked
//
// A server has no directories that could be listed; the mount's root is one, and so is what redirects to itself with a slash.
// Nothing is asked before a client wants something: a worker starts while its servers are away.

import HTTPWire
package import Model
import Ring

/// What is below one URL.
package final class HTTPUFS: UnderFileSystem {
  package let rootURI: String
  /// The mount's options.
  let options: Options
  /// The mount's server.
  let origin: HTTPOrigin
  /// What comes before every path on it, percent-coded: `/`, or components with a slash at both ends.
  let base: String
  let client: HTTPClient
  let gate: FlowGate

  /// A UFS over what lies below `path`, which is literal, on `origin`.
  init(
    _ uri: UFSURI, origin: HTTPOrigin, options: Options, client: HTTPClient, gate: FlowGate
  ) {
    rootURI = uri.description
    let coded = PercentCoding.encode(path: uri.path)
    base = coded.isEmpty ? "/" : "/\(coded)/"
    self.origin = origin
    self.options = options
    self.client = client
    self.gate = gate
  }

  package var capabilities: UFSCapabilities { [] }

  package func validate(_ path: String) throws(UFSError) { try check(path, "ufs.path") }

  package func settleTime(of version: FileVersion) -> Int64 {
    HTTPFileVersion.settleTime(of: version)
  }

  package func status(of path: String) async throws(UFSError) -> FileStatus {
    try await status(path, "ufs.status", .demand)
  }

  package func probe() async throws(UFSError) { _ = try await ask(.head, "", "ufs.probe", .demand) }

  package func open(
    _ path: String, expecting version: FileVersion?, for purpose: UFSPurpose
  ) async throws(UFSError) -> any UFSReader {
    try check(path, "ufs.open")
    if path.isEmpty { throw error(.isDirectory, "ufs.open", path, .rule(.isDirectory)) }
    if let version {
      guard HTTPFileVersion.condition(version) != nil else {
        throw error(.changed, "ufs.open", path, .rule(.otherVersion))
      }
      // The first read asks: every one names the version.
      return RangedReader(HTTPFileSource(self, path, version), for: purpose)
    }
    guard let found = try await status(path, "ufs.open", purpose).version else {
      throw error(.isDirectory, "ufs.open", path, .rule(.isDirectory))
    }
    return RangedReader(HTTPFileSource(self, path, found), for: purpose)
  }

  // MARK: Status

  private func status(
    _ path: String, _ operation: StaticString, _ purpose: UFSPurpose
  ) async throws(UFSError) -> FileStatus {
    try check(path, operation)
    if path.isEmpty { return directoryStatus(path) }
    do throws(UFSError) {
      let head = try await ask(.head, path, operation, purpose)
      // A page made as it is sent has no length until it is asked for in part.
      if head.isDirectory || head.reply.contentLength != nil {
        return try status(path, head, length: head.reply.contentLength, operation)
      }
    } catch  where Self.mayRefuseHead(error) {
      // Asked below in the other way: presigned URLs and some frameworks know GET only.
    }
    let part = try await ask(
      .get, path, operation, purpose, fields: [("Range", "bytes=0-0")], alsoAccepting: 416)
    return try status(path, part, length: Self.length(part.reply), operation)
  }

  /// Whether a failed HEAD says nothing of the file.
  private static func mayRefuseHead(_ error: UFSError) -> Bool {
    guard case .status(let status) = error.cause else { return false }
    return [400, 401, 403, 405, 501].contains(status)
  }

  /// The whole length that the answer to a question for one byte tells.
  private static func length(_ reply: HTTPResponseHead) -> Int64? {
    if reply.status == 200 { return reply.contentLength }
    return reply.field("Content-Range").flatMap { HTTPContentRange($0) }?.length
  }

  private func status(
    _ path: String, _ answer: HTTPUFSAnswer, length: Int64?, _ operation: StaticString
  ) throws(UFSError) -> FileStatus {
    if answer.isDirectory { return directoryStatus(path) }
    guard let length else { throw error(.unsupported, operation, path, .rule(.unknownLength)) }
    guard let version = HTTPFileVersion.version(answer.reply, length: length) else {
      throw error(.unsupported, operation, path, .rule(.unknownVersion))
    }
    let seconds = HTTPFileVersion.modified(answer.reply) ?? 0
    let (time, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return FileStatus(
      ufsPath: ufsPath(of: path), kind: .file, length: length,
      modificationTime: overflow ? 0 : time, mode: 0o444, version: version)
  }

  private func directoryStatus(_ path: String) -> FileStatus {
    FileStatus(
      ufsPath: ufsPath(of: path), kind: .directory, length: 0, modificationTime: 0, mode: 0o555,
      version: nil)
  }

  // MARK: Shared by the operations

  /// The ring that is running the caller.
  var reactor: Reactor {
    guard let reactor = Reactor.current else {
      preconditionFailure("a UFS is used on a reactor's thread")
    }
    return reactor
  }

  /// Where the file at `path` is asked for first.
  func location(_ path: String) -> HTTPLocation {
    HTTPLocation(origin: origin, target: base + PercentCoding.encode(path: path))
  }

  /// When an answer that is asked for now must be there, in the scale of `reactor.now`.
  var deadline: UInt64 {
    min(reactor.now &+ options.requestTimeout.nanoseconds, UFSDeadline.current)
  }

  /// Throws unless `path` keeps the rules.
  func check(_ path: String, _ operation: StaticString) throws(UFSError) {
    guard let rule = HTTPPath.brokenRule(path) else { return }
    throw error(rule == .dotDot ? .escapesMount : .invalid, operation, path, .rule(rule))
  }

  /// An error about `path`.
  func error(
    _ code: UFSError.Code, _ operation: StaticString, _ path: String, _ cause: UFSError.Cause
  ) -> UFSError {
    UFSError(code, operation: operation, path: ufsPath(of: path), cause: cause)
  }
}
