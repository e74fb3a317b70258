// A worker asked over the network: status, listings and ranges by its REST interface.

import Glibc
import HTTPWire
import LocalWire
import Model
import Ring
import Synchronization

/// One worker's REST interface, with the connections that are kept open to it.
final class NetworkWorker: Sendable {
  private static let idleMax = 16
  /// The worker closes idle connections itself; one that was idle for longer is not trusted.
  private static let idleLife: UInt64 = 20_000_000_000
  /// Largest body that is no file's: a listing of a million entries has some hundred MiB.
  private static let textMax = 1 << 30

  let address: WorkerAddress
  private let options: ClientOptions
  private let born = ForkGeneration.now
  private let idle = Mutex(Idle())

  private struct Idle: @unchecked Sendable {
    // SAFETY: a stream in here is used by nobody.
    var streams: [NetworkStream] = []
  }

  init(_ address: WorkerAddress, options: ClientOptions) {
    self.address = address
    self.options = options
  }

  private func takeIdle() -> NetworkStream? {
    // In a child the streams are the parent's too.
    guard ForkGeneration.isSame(born) else { return nil }
    let oldest = monotonicNow() &- Self.idleLife
    return idle.withLock { idle -> Idle in
      var taken = Idle()
      idle.streams.removeAll { $0.usedAt < oldest }
      if let stream = idle.streams.popLast() { taken.streams = [stream] }
      return taken
    }.streams.first
  }

  private func keep(_ stream: NetworkStream) {
    stream.usedAt = monotonicNow()
    let kept = Idle(streams: [stream])
    idle.withLock { idle in
      if idle.streams.count < Self.idleMax { idle.streams += kept.streams }
    }
  }

  /// Asks `GET target` and gives the head and the stream to `body`; a kept connection that turns out to be closed is replaced once.
  private func exchange<T>(
    _ target: String,
    _ body: (NetworkStream, HTTPResponseHead) throws(ClientError) -> T
  ) throws(ClientError) -> T {
    let request =
      "GET \(target) HTTP/1.1\r\nHost: \(address.host):\(address.port)\r\n"
      + "User-Agent: penstock-client/\(Version.text)\r\n\r\n"
    while true {
      let kept = takeIdle()
      let stream: NetworkStream
      if let kept {
        stream = kept
      } else {
        stream = try NetworkStream(
          address, limit: Patience.left(atMost: 10_000_000_000))
      }
      stream.bound(to: Patience.left(atMost: options.keepaliveTime))
      let head: HTTPResponseHead
      do throws(ClientError) {
        try stream.send(request)
        head = try stream.receiveHead()
      } catch {
        if kept != nil, stream.isClosed, !stream.hasAnswered { continue }
        throw error
      }
      let result = try body(stream, head)
      if head.keepAlive { keep(stream) }
      return result
    }
  }

  /// What a worker answers that is no file's bytes.
  struct Answer {
    let status: UInt16
    let body: [UInt8]

    /// What a status of 400 and above means for `thing`; nil for others.
    func error(_ thing: String) -> ClientError? {
      status < 400 ? nil : NetworkWorker.error(status, body, thing: thing)
    }
  }

  /// The answer to `GET target`, whatever its status.
  ///
  /// - Throws: why there is none.
  func answer(_ target: String) throws(ClientError) -> Answer {
    try exchange(target) { (stream, head) throws(ClientError) in
      Answer(status: head.status, body: try stream.receiveBody(head, max: Self.textMax))
    }
  }

  /// The body of `GET target`.
  ///
  /// - Throws: what a status of 400 and above means for `thing`.
  func text(_ target: String, thing: String) throws(ClientError) -> [UInt8] {
    let answer = try answer(target)
    if let error = answer.error(thing) { throw error }
    return answer.body
  }

  /// Reads `target.count` bytes at `offset` of the version `entityTag` of the file at `ufsPath`.
  ///
  /// - Throws: `changed` when the worker has another version, and what `text` throws.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, of ufsPath: String, at offset: Int,
    entityTag: String
  ) throws(ClientError) {
    let target =
      "/v1/range/-?ufsFullPath=\(PercentCoding.encode(path: ufsPath))&offset=\(offset)"
      + "&length=\(buffer.count)"
    try exchange(target) { (stream, head) throws(ClientError) in
      guard head.status < 400 else {
        let body = try stream.receiveBody(head, max: 1 << 20)
        throw Self.error(head.status, body, thing: ufsPath)
      }
      guard Self.isSame(head.field("etag"), entityTag) else {
        throw ClientError(LocalCode.changed, ufsPath)
      }
      guard head.contentLength == Int64(buffer.count) else {
        throw ClientError(
          .changed, ufsPath, "has fewer bytes than when it was opened", "open it again")
      }
      unsafe try stream.receive(into: unsafe buffer)
    }
  }

  private static func isSame(_ tag: String?, _ wanted: String) -> Bool {
    guard let tag else { return false }
    return bare(tag).elementsEqual(bare(wanted))
  }

  /// The bytes of an entity tag without quotes.
  private static func bare(_ tag: String) -> [UInt8] {
    tag.utf8.filter { $0 != UInt8(ascii: "\"") }
  }

  private static func error(_ status: UInt16, _ body: [UInt8], thing: String) -> ClientError {
    var message = String(decoding: body.prefix(1000), as: UTF8.self)
    if let value = try? JSONReader.parse(body), let text = value["message"]?.text { message = text }
    let code: (ClientError.Code, String) =
      switch status {
      case 404: (.notFound, "")
      case 401, 403: (.refused, "check the credentials of the under file system")
      case 400: (.invalid, "")
      case 409, 412: (.changed, "open it again")
      case 429: (.tooMany, "try again later")
      default: (.unavailable, "try again; the worker's log says why")
      }
    return ClientError(code.0, thing, "the worker answered \(status): \(message)", code.1)
  }
}
