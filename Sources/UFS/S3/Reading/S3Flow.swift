// One ranged GET, received straight into the buffers of the reads that follow each other through its range.
//
//   range  |=======================================|
//          ^ position: received so far   ^ tail: where the reads that have queued up end
//
//   read at tail … tail + 1 MiB   waits its turn; what lies between is drained
//   a failure in between          the same read asks again, from the byte reached, under the same If-Match
//
// Ring-confined. Reads take turns in the order in which they came.

import HTTPWire
import Model
import Ring

/// Reads through one range of one version of an object.
@safe final class S3Flow {
  /// Most bytes that are received to be dropped, rather than asking anew.
  static let gapMax: Int64 = 1 << 20
  /// Most bytes of one receive: what a failure can make us ask for again.
  private static let pieceSize = 4 << 20

  /// The object's bytes that this flow may ask for.
  let range: Range<Int64>
  private unowned let reader: S3Reader
  private var response: HTTPClientResponse?
  /// The right to have the request in flight, as long as its body comes.
  private var pass: FlowPass?
  /// Bytes of its body that came.
  private var receivedSize: Int64 = 0
  private var position: Int64
  private var tail: Int64
  private var isBusy = false
  private var waiters: [UnsafeContinuation<Void, Never>] = unsafe []

  /// A flow over `range`, which is not empty; nothing is asked before the first read.
  init(_ reader: S3Reader, _ range: Range<Int64>) {
    precondition(!range.isEmpty, "a flow has bytes")
    self.reader = reader
    self.range = range
    position = range.lowerBound
    tail = range.lowerBound
    unsafe waiters = []
  }

  /// Whether a read at `offset` is best served here.
  func accepts(_ offset: Int64) -> Bool {
    offset >= tail && offset < range.upperBound && offset - tail <= Self.gapMax
  }

  /// Whether a read is under way or waits.
  var isInUse: Bool { isBusy }

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
  func close() { end(.ok(bytes: receivedSize)) }

  /// Ends the request under way, if any, and says how.
  private func end(_ outcome: FlowOutcome) {
    response?.drop()
    response = nil
    pass.take()?.finish(outcome)
    receivedSize = 0
  }

  // MARK: Turns

  private func takeTurn() async {
    if !isBusy {
      isBusy = true
      return
    }
    await unsafe withUnsafeContinuation { unsafe waiters.append($0) }
  }

  private func giveTurn() {
    guard unsafe !waiters.isEmpty else {
      isBusy = false
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
    var failureCount = 0
    var pause = Duration.zero
    while count < buffer.count {
      let target = offset + Int64(count)
      do throws(S3Failure) {
        let response = try await open(at: target)
        try await skip(to: target, response)
        let end = min(buffer.count, count + Self.pieceSize)
        let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count..<end])
        unsafe try await receive(into: piece, response)
        count = end
        failureCount = 0
        pause = .zero
      } catch {
        end(error.outcome)
        failureCount += 1
        pause = try await reader.recover(error, failureCount, previous: pause)
      }
    }
  }

  /// The reply at or before `target`; asks from `target` when there is none.
  private func open(at target: Int64) async throws(S3Failure) -> HTTPClientResponse {
    if let response, position <= target { return response }
    close()
    // Kept at once: whatever happens to the request, its end is said.
    pass = try await reader.enter()
    let opened = try await reader.get(target..<range.upperBound)
    pass?.answered()
    response = opened
    position = target
    return opened
  }

  private func skip(to target: Int64, _ response: HTTPClientResponse) async throws(S3Failure) {
    guard position < target else { return }
    let size = Int(min(target - position, 64 << 10))
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { unsafe scratch.deallocate() }
    while position < target {
      let count = Int(min(target - position, Int64(size)))
      let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
      unsafe try await receive(into: piece, response)
    }
  }

  /// Receives exactly `piece`, and with the last of the range the end of the body.
  private func receive(
    into piece: UnsafeMutableRawBufferPointer, _ response: HTTPClientResponse
  ) async throws(S3Failure) {
    response.deadline = reader.deadline
    let count = try await unsafe read(into: piece, response)
    position += Int64(count)
    receivedSize += Int64(count)
    await pass?.pace(Int64(count))
    // A body without a stated length may end anywhere.
    guard count == piece.count else {
      throw S3Failure(.unavailable, .store(status: response.status, code: "ShortBody"))
    }
    guard position == range.upperBound else { return }
    if !response.isEnded {
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
      defer { unsafe scratch.deallocate() }
      guard try await unsafe read(into: scratch, response) == 0 else { throw .broken("LongBody") }
    }
    self.response = nil
    end(.ok(bytes: receivedSize))
  }

  private func read(
    into buffer: UnsafeMutableRawBufferPointer, _ response: HTTPClientResponse
  ) async throws(S3Failure) -> Int {
    do throws(HTTPClientError) {
      return unsafe try await response.read(into: buffer)
    } catch {
      throw S3Failure(error)
    }
  }
}
