// One ranged GET, received straight into the buffers of the reads that follow each other through its range.
//
//   range  |=======================================|
//          ^ position: received so far   ^ tail: where the reads that have queued up end
//
//   read at tail … tail + 1 MiB   waits its turn; what lies between is drained
//   a failure in between          the same read asks again, from the byte reached, for the same version
//
// Ring-confined. Reads take turns in the order in which they came.

import HTTPWire
import Model
import Ring

/// Reads through one range of one version of a file.
// SAFETY: a waiter leaves the list before it is resumed, so each is resumed once.
@safe final class HTTPUFSFlow {
  /// Most bytes that are received to be dropped, rather than asking anew.
  static let gapMax: Int64 = 1 << 20
  /// Most bytes of one receive: what a failure can make us ask for again, and what has one deadline.
  private static let pieceSize = 4 << 20

  /// The file's bytes that this flow may ask for.
  let range: Range<Int64>
  private unowned let reader: HTTPUFSReader
  private var body: HTTPUFSReader.Body?
  private var pass: FlowPass?
  private var position: Int64
  private var tail: Int64
  private(set) var isInUse = false
  private var waiters: [UnsafeContinuation<Void, Never>] = unsafe []

  /// A flow over `range`, which is not empty; nothing is asked before the first read.
  init(_ reader: HTTPUFSReader, _ range: Range<Int64>) {
    precondition(!range.isEmpty, "a flow has bytes")
    self.reader = reader
    self.range = range
    position = range.lowerBound
    tail = range.lowerBound
  }

  /// Whether a read at `offset` is best served here.
  func accepts(_ offset: Int64) -> Bool {
    offset >= tail && offset < range.upperBound && offset - tail <= Self.gapMax
  }

  /// Fills `buffer` from `offset`, which was accepted; all of it lies in the range.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async throws(UFSError) {
    precondition(accepts(offset), "a flow goes forwards")
    precondition(offset + Int64(buffer.count) <= range.upperBound, "a read ends with its flow")
    tail = offset + Int64(buffer.count)
    await takeTurn()
    pass?.wake()
    defer { giveTurn() }
    try await unsafe fill(buffer, offset)
  }

  /// Ends the flow; nothing is in flight.
  func close() { end(.ok(bytes: 0)) }

  // MARK: Turns

  private func takeTurn() async {
    guard isInUse else {
      isInUse = true
      return
    }
    await unsafe withUnsafeContinuation { unsafe waiters.append($0) }
  }

  private func giveTurn() {
    guard unsafe !waiters.isEmpty else {
      isInUse = false
      pass?.rest()
      return
    }
    unsafe waiters.removeFirst().resume()
  }

  // MARK: Receiving

  private func fill(
    _ buffer: UnsafeMutableRawBufferPointer, _ offset: Int64
  ) async throws(UFSError) {
    var count = 0
    var attempt = 1
    var pause = Duration.zero
    while count < buffer.count {
      let target = offset + Int64(count)
      do throws(HTTPUFSFailure) {
        let body = try await open(at: target)
        try await skip(to: target, body)
        let end = min(buffer.count, count + Self.pieceSize)
        let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count..<end])
        unsafe try await receive(into: piece, body)
        count = end
        (attempt, pause) = (1, .zero)
      } catch {
        let fileSystem = reader.fileSystem
        let failure = fileSystem.error(error.code, "ufs.read", reader.path, error.cause)
        end(FlowOutcome(failure, retryAfter: error.retryAfter))
        let delay = fileSystem.gate.retry(
          .get, after: failure, attempt: attempt, previous: pause, retryAfter: error.retryAfter)
        guard let delay, await fileSystem.reactor.sleep(for: delay) else { throw failure }
        attempt += 1
        pause = delay
      }
    }
  }

  /// The reply that is at or before `target`; asks from `target` when there is none.
  private func open(at target: Int64) async throws(HTTPUFSFailure) -> HTTPUFSReader.Body {
    if let body, position <= target { return body }
    end(.ok(bytes: 0))
    do throws(UFSError) {
      pass = try await reader.fileSystem.gate.enter(.get, purpose: reader.purpose)
    } catch {
      throw HTTPUFSFailure(error.code, error.cause)
    }
    let opened = try await reader.get(target..<range.upperBound)
    pass?.answered()
    body = opened
    position = opened.start
    return opened
  }

  private func skip(to target: Int64, _ body: HTTPUFSReader.Body) async throws(HTTPUFSFailure) {
    guard position < target else { return }
    let size = Int(min(target - position, 64 << 10))
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { unsafe scratch.deallocate() }
    while position < target {
      let count = Int(min(target - position, Int64(size)))
      let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
      unsafe try await receive(into: piece, body)
    }
  }

  /// Receives exactly `piece`; with the last of a body also its end, with the last of the range the connection is kept if
  /// it can be.
  private func receive(
    into piece: UnsafeMutableRawBufferPointer, _ body: HTTPUFSReader.Body
  ) async throws(HTTPUFSFailure) {
    body.response.deadline = reader.fileSystem.deadline
    let count = try await unsafe read(into: piece, body.response)
    position += Int64(count)
    // A body without a stated length may end anywhere.
    guard count == piece.count else { throw HTTPUFSFailure(.unavailable, .shortRead) }
    await pass?.pace(Int64(count))
    if position == body.end, !body.response.isEnded {
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
      defer { unsafe scratch.deallocate() }
      guard try await unsafe read(into: scratch, body.response) == 0 else {
        throw HTTPUFSFailure(.io, .badReply)
      }
    }
    guard position == range.upperBound else { return }
    await body.response.finish()
    end(.ok(bytes: range.upperBound - range.lowerBound))
  }

  private func read(
    into buffer: UnsafeMutableRawBufferPointer, _ response: HTTPClientResponse
  ) async throws(HTTPUFSFailure) -> Int {
    do throws(HTTPClientError) {
      return unsafe try await response.read(into: buffer)
    } catch {
      throw HTTPUFSFailure(error)
    }
  }

  /// Ends the request in flight, if there is one.
  private func end(_ outcome: FlowOutcome) {
    body?.response.drop()
    body = nil
    pass.take()?.finish(outcome)
  }
}
