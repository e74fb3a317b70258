// Bytes: whole files, ranges, pages, heads and tails, all streamed through the read path.

import HTTPWire
import Model
import PageStore
import UFS

extension RESTHandler {
  /// Times that a file found changed before its first byte is asked for anew.
  private static let changeRetryMax = 3
  /// Bytes of a head or tail when the client does not say.
  private static let headCountDefault: Int64 = 1024

  /// Answers a GET or HEAD of an endpoint that sends bytes of one file.
  func read(
    _ route: RESTRoute, _ request: RESTRequest, _ exchange: HTTPExchange
  ) async throws(RESTProblem) {
    for attempt in 1... {
      let (record, parameters) = try await fileRecord(route, request, exchange)
      if route.endpoint == .chunk, exchange.request.matchesIfNoneMatch(record.entityTag) {
        return await notModified(record, exchange)
      }
      let part = try part(of: record, route, parameters, exchange)
      guard let part else {
        return await exchange.respond(
          .rangeNotSatisfiable, contentType: "application/json",
          extra: { $0.contentRange(unsatisfiedSize: record.length) },
          body: RESTJSON.message("The file has \(record.length) bytes"))
      }
      do throws(UFSError) {
        try await files.stream(
          record, offset: part.offset, count: part.count, head: part.head, to: exchange)
        return
      } catch {
        // Nothing was sent: the new version can still be served whole.
        guard error.code == .changed, attempt < Self.changeRetryMax else {
          throw RESTProblem(error)
        }
        files.forget(record.status.ufsPath)
      }
    }
  }

  /// Bytes to send and the head they go under.
  private struct Part {
    var offset: Int64
    var count: Int64
    var head = StreamHead(isPart: false)
  }

  /// What the request asks of the file; nil when a `Range` lies outside it.
  private func part(
    of record: FileRecord, _ route: RESTRoute, _ parameters: RESTParameters,
    _ exchange: HTTPExchange
  ) throws(RESTProblem) -> Part? {
    let length = record.length
    switch route.endpoint {
    case .head:
      return Part(offset: 0, count: min(length, try headCount(parameters)))
    case .tail:
      let count = min(length, try headCount(parameters))
      return Part(offset: length - count, count: count)
    case .range:
      let offset = try parameters.count("offset") ?? 0
      let count = try parameters.count("length") ?? .max
      return Self.clamped(offset: offset, count: count, length: length)
    case .page:
      return try page(of: record, route, parameters)
    default:
      let range = exchange.request.range(
        ifRange: record.entityTag, modified: record.modifiedSeconds)
      switch range.selection(ofSize: length) {
      case .whole: return Part(offset: 0, count: length)
      case .part(let offset, let count):
        return Part(offset: offset, count: count, head: StreamHead(isPart: true))
      case .unsatisfiable: return nil
      }
    }
  }

  private func page(
    of record: FileRecord, _ route: RESTRoute, _ parameters: RESTParameters
  ) throws(RESTProblem) -> Part {
    let pageSize = Int64(files.store.pageSize)
    let start = try Self.pageStart(route.pageIndex, pageSize: pageSize)
    let offset = try parameters.count("offset") ?? 0
    let count = try parameters.count("length") ?? pageSize
    // Past the end of the page or the file: nothing, which is how clients that read page by page find the end.
    let inPage = min(offset, pageSize)
    return Self.clamped(
      offset: start + inPage, count: min(count, pageSize - inPage), length: record.length)
  }

  /// Offset of page `index` in its file.
  ///
  /// - Throws: 400 when it is no page index or too large for any file.
  static func pageStart(_ index: String, pageSize: Int64) throws(RESTProblem) -> Int64 {
    let number = try RESTParameters.count(index, named: "page index")
    let (start, overflow) = number.multipliedReportingOverflow(by: pageSize)
    guard !overflow, start <= .max - pageSize else {
      throw .badParameter("page index", "is too large: '\(index)'")
    }
    return start
  }

  private static func clamped(offset: Int64, count: Int64, length: Int64) -> Part {
    guard offset < length else { return Part(offset: 0, count: 0) }
    return Part(offset: offset, count: min(count, length - offset))
  }

  /// `numOfBytes`: a number, or a size such as `1kb`.
  private func headCount(_ parameters: RESTParameters) throws(RESTProblem) -> Int64 {
    guard let text = parameters.text("numOfBytes"), !text.isEmpty else {
      return Self.headCountDefault
    }
    if let size = SizeText.parse(text) { return size }
    return try RESTParameters.count(text, named: "numOfBytes")
  }

  private func notModified(_ record: FileRecord, _ exchange: HTTPExchange) async {
    await exchange.respond(
      .notModified, contentType: "application/octet-stream",
      extra: { writer in
        unsafe record.headerLines.withUnsafeBytes { unsafe writer.write($0) }
      }, body: [])
  }
}
