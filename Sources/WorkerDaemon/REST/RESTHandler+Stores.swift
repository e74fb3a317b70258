// Bytes into the UFS. A write is answered when the UFS has it: nothing is ever held by the cache alone.

import HTTPWire
import Model
import PageStore
import Ring
import UFS

extension RESTHandler {
  /// A buffer for an upload; waits its turn.
  private func uploadBuffer(
    _ exchange: HTTPExchange
  ) async throws(RESTProblem) -> ReadBuffer {
    guard let buffer = await uploadBuffers[exchange.reactor.index].take() else {
      throw RESTProblem(503, "Too many uploads wait for their turn; try again")
    }
    return buffer
  }

  /// `POST /v1/chunk/{id}`: a whole new file, visible and durable when this answers.
  func storeFile(
    _ route: RESTRoute, _ request: RESTRequest, _ exchange: HTTPExchange
  ) async throws(RESTProblem) {
    let place = try uploadPlace(route, request, exchange)
    let writer = try await create(place)
    let upload = Upload(
      writer: writer, buffer: try await uploadBuffer(exchange))
    let count: Int64
    do throws(UploadFailure) {
      count = try await receive(into: upload, exchange)
    } catch {
      await upload.abort()
      forget(place)
      switch error {
      case .body(let error): return await exchange.respond(to: error)
      case .problem(let problem): throw problem
      }
    }
    forget(place)
    files.counters.ufsWritten(bytes: Int(clamping: count))
    files.counters.stored(bytes: count)
    await respond(exchange, json: RESTJSON.success)
  }

  private enum UploadFailure: Error {
    /// The body could not be read.
    case body(HTTPError)
    /// The UFS refused or was too late.
    case problem(RESTProblem)
  }

  private func uploadPlace(
    _ route: RESTRoute, _ request: RESTRequest, _ exchange: HTTPExchange
  ) throws(RESTProblem) -> MountedPath {
    guard let query = try PathQuery.pasted(request.query[...], for: route) else {
      throw .badParameter("ufsFullPath", "is missing")
    }
    let place = try changePlace(query.path, exchange)
    guard !place.isMountRoot else {
      throw RESTProblem(409, "\(place.alluxioPath) is a mount point, not a file")
    }
    return place
  }

  /// Starts the file, making the directories above it: object stores have none to miss.
  private func create(
    _ place: MountedPath
  ) async throws(RESTProblem) -> RingConfined<any UFSWriter> {
    let answer = try await ask(within: options.changeDeadline, changes: true) {
      await result { () throws(UFSError) in
        do throws(UFSError) {
          return RingConfined(try await place.ufs.create(place.path, .replacing))
        } catch {
          guard error.code == .notFound, let (directory, _) = splitPath(place.path) else {
            throw error
          }
          _ = try await place.ufs.makeDirectory(directory, recursive: true)
          return RingConfined(try await place.ufs.create(place.path, .replacing))
        }
      }
    }
    return try value(answer)
  }

  /// Moves the body into the file, one buffer at a time: what the UFS has not taken, the client cannot send.
  private func receive(
    into upload: Upload, _ exchange: HTTPExchange
  ) async throws(UploadFailure) -> Int64 {
    var total: Int64 = 0
    while true {
      let count: Int
      do throws(HTTPError) {
        count = try await upload.fill(from: exchange)
      } catch { throw .body(error) }
      if count > 0 { try await within { await upload.append(count) } }
      total += Int64(count)
      if count < upload.capacity { break }
    }
    try await within { await upload.commit() }
    return total
  }

  private func within(
    _ step: @escaping @Sendable () async -> Result<Void, UFSError>
  ) async throws(UploadFailure) {
    guard let result = await Deadline.run(options.changeDeadline, step) else {
      throw .problem(.overdue(options.changeDeadline))
    }
    do throws(UFSError) { try result.get() } catch { throw .problem(RESTProblem(error)) }
  }

  /// `POST /v1/file/{id}/page/{index}`: one page written through at its place, where the UFS can do that.
  func storePage(
    _ route: RESTRoute, _ request: RESTRequest, _ exchange: HTTPExchange
  ) async throws(RESTProblem) {
    let place = try uploadPlace(route, request, exchange)
    // A page that only the cache held would be a byte that the UFS does not hold.
    guard place.ufs.capabilities.contains(.randomWrite) else {
      throw RESTProblem(
        501, "\(place.mount.uri) cannot write at an offset; store the whole file by /v1/chunk")
    }
    let pageSize = Int64(files.store.pageSize)
    var offset = try Self.pageStart(route.pageIndex, pageSize: pageSize)
    let end = offset + pageSize
    if let length = exchange.request.contentLength, length > pageSize {
      throw RESTProblem(413, "A page has \(pageSize) bytes; the body has \(length)")
    }
    let upload = Upload(
      writer: nil, buffer: try await uploadBuffer(exchange))
    defer { forget(place) }
    var isFirst = true
    while true {
      let count: Int
      do throws(HTTPError) {
        count = try await upload.fill(from: exchange)
      } catch { return await exchange.respond(to: error) }
      guard Int64(count) <= end - offset else {
        throw RESTProblem(413, "A page has \(pageSize) bytes; the body has more")
      }
      let position = offset
      if count > 0 || isFirst {
        try await write { await upload.write(count, to: place, at: position) }
      }
      isFirst = false
      offset += Int64(count)
      if count < upload.capacity { break }
    }
    let stored = offset - (end - pageSize)
    files.counters.ufsWritten(bytes: Int(clamping: stored))
    files.counters.stored(bytes: stored)
    forget(place)
    await respond(exchange, json: RESTJSON.success)
  }

  private func write(
    _ step: @escaping @Sendable () async -> Result<Void, UFSError>
  ) async throws(RESTProblem) {
    do throws(UploadFailure) {
      try await within(step)
    } catch {
      guard case .problem(let problem) = error else { return }
      throw problem
    }
  }
}
