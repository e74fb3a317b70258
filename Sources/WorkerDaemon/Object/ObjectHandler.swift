// Port 29998: objects by Alluxio path, read only. GET and HEAD with one range, conditional headers, S3's answers.
//
//   GET /s3/dir/a%20b.bin   Range: bytes=0-4194303      →  206, Content-Range, ETag, Last-Modified, Accept-Ranges

package import HTTPWire
import Model
import Ring
import UFS

/// Serves objects by Alluxio path.
package struct ObjectHandler: HTTPHandler {
  /// Times that a file found changed before its first byte is asked for anew.
  private static let changeRetryMax = 3

  private let files: FileService
  private let log: RequestLog
  private let routes: [RouteCache]

  /// A handler over `files`, with one route cache per ring.
  package init(files: FileService, ringCount: Int) {
    self.files = files
    log = RequestLog(label: "objects", failures: files.failures)
    routes = (0..<ringCount).map { _ in RouteCache() }
  }

  package func handle(_ exchange: HTTPExchange) async {
    let method = exchange.request.method
    guard method == .get || method == .head else {
      await refuse(
        exchange, .methodNotAllowed, code: "MethodNotAllowed",
        "this port answers GET and HEAD of objects; write through the REST API", allow: true)
      return
    }
    var attempt = 0
    while true {
      do throws(UFSError) {
        try await serve(exchange)
        return
      } catch {
        attempt += 1
        if error.code == .changed, attempt < Self.changeRetryMax { continue }
        await refuse(exchange, error)
        return
      }
    }
  }

  private func serve(_ exchange: HTTPExchange) async throws(UFSError) {
    let record = try await record(of: exchange)
    guard record.status.kind == .file else {
      throw UFSError(
        .isDirectory, operation: "worker.get", path: record.place.alluxioPath,
        cause: .rule(.isDirectory))
    }
    let request = exchange.request
    guard request.passesIfMatch(record.entityTag) else {
      return await refuse(
        exchange, .preconditionFailed, code: "PreconditionFailed",
        "the object's ETag is \(record.entityTag) now")
    }
    if request.matchesIfNoneMatch(record.entityTag) {
      return await notModified(record, exchange)
    }
    let range = request.range(ifRange: record.entityTag, modified: record.modifiedSeconds)
    switch range.selection(ofSize: record.length) {
    case .whole:
      try await files.stream(
        record, offset: 0, count: record.length, head: StreamHead(isPart: false), to: exchange)
    case .part(let offset, let count):
      try await files.stream(
        record, offset: offset, count: count, head: StreamHead(isPart: true), to: exchange)
    case .unsatisfiable: await unsatisfiable(record, exchange)
    }
  }

  private func record(of exchange: HTTPExchange) async throws(UFSError) -> FileRecord {
    let reactor = exchange.reactor
    let routes = routes[reactor.index]
    let path = unsafe exchange.request.rawPath
    if let record = unsafe routes.record(
      for: path, now: reactor.now, generation: files.policies.book.generation)
    {
      return record
    }
    guard let text = unsafe PercentCoding.text(path) else {
      throw UFSError(
        .invalid, operation: "worker.get", path: unsafe String(decoding: path, as: UTF8.self),
        cause: .rule(.badEscape))
    }
    let record = try await files.record(ofAlluxioPath: text)
    unsafe routes.insert(record, for: path)
    return record
  }

  private func notModified(_ record: FileRecord, _ exchange: HTTPExchange) async {
    exchange.begin(.notModified, length: 0) { writer in
      unsafe record.headerLines.withUnsafeBytes { unsafe writer.write($0) }
    }
    try? await exchange.finish()
  }

  /// A range behind the end: S3 proper refuses, a client without a signature gets nothing, gracefully (compat §5.5).
  private func unsatisfiable(_ record: FileRecord, _ exchange: HTTPExchange) async {
    if unsafe exchange.request.value(of: "authorization") != nil {
      return await refuse(
        exchange, .rangeNotSatisfiable, code: "InvalidRange",
        "the range begins behind the object's \(record.length) bytes", size: record.length)
    }
    exchange.begin(.partialContent, length: 0) { writer in
      unsafe record.headerLines.withUnsafeBytes { unsafe writer.write($0) }
      writer.contentRange(unsatisfiedSize: record.length)
    }
    try? await exchange.finish()
  }

  private func refuse(_ exchange: HTTPExchange, _ error: UFSError) async {
    let status: HTTPStatus =
      error.code == .isDirectory || error.code == .notDirectory
      ? .notFound : error.httpStatus
    await refuse(
      exchange, status, code: error.s3Code, error.description, retry: error.isTemporary,
      failure: error)
  }

  /// Answers with S3's XML to clients that sign their requests, and with JSON to all others.
  private func refuse(
    _ exchange: HTTPExchange, _ status: HTTPStatus, code: String, _ message: String,
    allow: Bool = false, retry: Bool = false, size: Int64? = nil,
    failure: UFSError? = nil
  ) async {
    log.refused(exchange, status: status.code, reason: message, failure: failure)
    let isSigned = unsafe exchange.request.value(of: "authorization") != nil
    let body: [UInt8] =
      isSigned ? S3Error.body(code: code, message: message) : JSONText.message(message)
    await exchange.respond(
      status, contentType: isSigned ? "application/xml" : "application/json",
      extra: { writer in
        writer.header("X-Request-Id", RequestLog.id(of: exchange))
        if allow { writer.header("Allow", "GET, HEAD") }
        if retry { writer.header("Retry-After", "1") }
        if let size { writer.contentRange(unsatisfiedSize: size) }
      }, body: body)
  }
}
