// Questions: what is at a path, what is in a directory, which mounts there are.

import HTTPWire
import Model
import PageStore
import Ring
import UFS

extension RESTHandler {
  /// Entries of a directory fetched, and sent, at a time.
  private static let listingBatchMax = 256

  /// `GET /v1/ufsInfo`: the mounts by UFS root, longest first, without credentials (compat §2.8).
  func answerUFSInfo(_ exchange: HTTPExchange) async throws(RESTProblem) {
    peers.note(InfoPeers.host(of: exchange.peerAddress), now: exchange.reactor.now)
    // An empty 200 would empty the client's table; an error keeps the one it has.
    guard options.isReady(), !files.mounts.mounts.isEmpty else {
      throw RESTProblem(503, "Mounts are loading")
    }
    let body = JSONWriter.object { writer in
      for mount in files.mounts.mounts {
        writer.name(UFSPathText.normalised(mount.uri.description))
        writer.object { $0.member("alluxio_path", mount.alluxioPath) }
      }
    }
    await respond(exchange, json: body)
  }

  /// `GET /v1/info`: the status of one path, as an array of one.
  func answerInfo(_ request: RESTRequest, _ exchange: HTTPExchange) async throws(RESTProblem) {
    let query = try PathQuery.form(request.query[...])
    switch try await record(of: query.path) {
    case .failure(let error) where error.code == .notFound:
      var problem = RESTProblem(error)
      problem.status = missingStatus(for: exchange)
      throw problem
    case .failure(let error): throw RESTProblem(error)
    case .success(let record):
      known.note(record.id.digest, path: record.status.ufsPath)
      var writer = JSONWriter()
      writer.array { write(record, to: &$0) }
      await respond(exchange, json: writer.bytes)
    }
  }

  /// 500 or 404: each kind of client takes one of them for "no such file" (compat §16 row 20).
  private func missingStatus(for exchange: HTTPExchange) -> Int {
    switch options.missingInfoStatus {
    case .internalError: 500
    case .notFound: 404
    case .auto: isEscapingClient(exchange) ? 404 : 500
    }
  }

  /// `GET /v1/files`: the direct children of a directory; a file lists itself.
  func answerFiles(_ request: RESTRequest, _ exchange: HTTPExchange) async throws(RESTProblem) {
    let query = try PathQuery.form(request.query[...])
    let record = try value(try await record(of: query.path))
    if record.status.kind == .file {
      known.note(record.id.digest, path: record.status.ufsPath)
      var writer = JSONWriter()
      writer.array { write(record, to: &$0) }
      return await respond(exchange, json: writer.bytes)
    }
    let lister = try await openListing(of: record.place)
    do throws(RESTProblem) {
      try await sendListing(lister, of: record.place, exchange)
    } catch {
      await close(lister)
      throw error
    }
    await close(lister)
  }

  private typealias Lister = RingConfined<any UFSLister>

  private func openListing(of place: MountedPath) async throws(RESTProblem) -> Lister {
    let answer = try await ask(within: options.questionDeadline) { [files] in
      await result { () throws(UFSError) in
        Lister(try await files.list(place))
      }
    }
    return try value(answer)
  }

  private func next(of lister: Lister) async throws(RESTProblem) -> UFSListingBatch? {
    let answer = try await ask(within: options.questionDeadline) {
      await result { () throws(UFSError) in
        try await lister.value.next(max: Self.listingBatchMax)
      }
    }
    return try value(answer)
  }

  private func close(_ lister: Lister) async { await lister.value.close() }

  /// Sends a listing batch by batch, so that a huge directory costs one batch of memory.
  ///
  /// - Throws: While nothing was sent; a failure after that drops the connection, never ends it cleanly.
  private func sendListing(
    _ lister: Lister, of place: MountedPath, _ exchange: HTTPExchange
  ) async throws(RESTProblem) {
    let parent = place.alluxioPath == "/" ? "" : place.alluxioPath
    var batch = try await next(of: lister)
    exchange.begin(.ok, length: nil, contentType: "application/json")
    if exchange.request.method == .head {
      // A client that is gone needs no answer; the server counts it.
      try? await exchange.finish()
      return
    }
    var separator: [UInt8] = Array("[".utf8)
    do throws(RESTProblem) {
      while let entries = batch?.entries {
        var bytes: [UInt8] = []
        for entry in entries {
          bytes += separator
          bytes += object(entry, in: parent)
          separator = [UInt8(ascii: ",")]
        }
        guard await send(bytes, exchange) else { return }
        batch = try await next(of: lister)
      }
    } catch {
      exchange.abort()
      return
    }
    let ending = separator.first == UInt8(ascii: "[") ? "[]" : "]"
    guard await send(Array(ending.utf8), exchange) else { return }
    // A client that is gone needs no answer; the server counts it.
    try? await exchange.finish()
  }

  /// Sends `bytes`; false when the client is gone, which the server has counted.
  private func send(_ bytes: [UInt8], _ exchange: HTTPExchange) async -> Bool {
    guard !bytes.isEmpty else { return true }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    defer { unsafe buffer.deallocate() }
    unsafe buffer.copyBytes(from: bytes)
    do throws(HTTPError) {
      // SAFETY: the buffer is this function's own and outlives the send.
      try await unsafe exchange.send(UnsafeRawBufferPointer(buffer))
      return true
    } catch { return false }
  }

  private func object(_ entry: UFSEntry, in parent: String) -> [UInt8] {
    let status = entry.status
    let key = status.version.map {
      FileKey(file: FileID(ufsPath: status.ufsPath), version: $0)
    }
    var writer = JSONWriter()
    RESTJSON.status(
      status, alluxioPath: "\(parent)/\(entry.name)",
      residentBytes: key.map { files.store.residentBytes(of: $0) } ?? 0, to: &writer)
    return writer.bytes
  }

  private func write(_ record: FileRecord, to writer: inout JSONWriter) {
    RESTJSON.status(
      record.status, alluxioPath: record.place.alluxioPath,
      residentBytes: files.residentBytes(of: record), to: &writer)
  }
}
