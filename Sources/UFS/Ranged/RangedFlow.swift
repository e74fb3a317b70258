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
@safe final class RangedFlow {
  /// Most bytes of one receive: what a failure can make us ask for again, and what has one deadline.
  private static let pieceSize = 4 << 20

  /// The file's bytes that this flow may ask for.
  let range: Range<Int64>
  private let source: any RangedSource
  private let purpose: UFSPurpose
  private let turns: UInt64
  private var body: RangedBody?
  /// The right to have the request in flight, as long as its body comes.
  private var pass: FlowPass?
  /// Bytes of its body that came.
  private var receivedSize: Int64 = 0
  private var position: Int64
  private var tail: Int64
  /// Whether a read is under way or waits.
  private(set) var isInUse = false
  private var waiters: [UnsafeContinuation<Void, Never>] = unsafe []

  /// A flow over `range`, which is not empty; nothing is asked before the first read.
  ///
  /// Its requests take turns as those of `turns`.
  init(
    _ source: any RangedSource, _ range: Range<Int64>, _ purpose: UFSPurpose, turns: UInt64
  ) {
    precondition(!range.isEmpty, "a flow has bytes")
    self.source = source
    self.range = range
    self.purpose = purpose
    self.turns = turns
    position = range.lowerBound
    tail = range.lowerBound
  }

  /// Whether a read at `offset` is best served here.
  func accepts(_ offset: Int64) -> Bool {
    offset >= tail && offset < range.upperBound && offset - tail <= RangedGap.max
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
  func close() { end(.ok(bytes: receivedSize)) }

  /// Ends the request under way, if any, and says how.
  private func end(_ outcome: FlowOutcome) {
    body?.response.drop()
    body = nil
    pass.take()?.finish(outcome)
    receivedSize = 0
  }

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
    var failureCount = 0
    var pause = Duration.zero
    while count < buffer.count {
      let target = offset + Int64(count)
      do throws(RangedFailure) {
        let body = try await open(at: target)
        try await skip(to: target, body)
        let end = min(buffer.count, count + Self.pieceSize)
        let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count..<end])
        unsafe try await receive(into: piece, body)
        count = end
        (failureCount, pause) = (0, .zero)
      } catch {
        end(error.outcome)
        failureCount += 1
        pause = try await recover(error, failureCount, previous: pause)
      }
    }
  }

  /// Waits before another attempt after `failure`, the `failureCount`th in a row, and returns the pause.
  ///
  /// - Throws: The failure, when it is the last.
  private func recover(
    _ failure: RangedFailure, _ failureCount: Int, previous: Duration
  ) async throws(UFSError) -> Duration {
    let pause = source.gate.retry(
      .get, for: purpose, after: failure.error, attempt: failureCount, previous: previous,
      retryAfter: failure.retryAfter)
    guard let pause, await source.gate.control.clock.sleep(pause) else { throw failure.error }
    return pause
  }

  /// The reply at or before `target`; asks from `target` when there is none.
  private func open(at target: Int64) async throws(RangedFailure) -> RangedBody {
    if let body, position <= target { return body }
    close()
    do throws(UFSError) {
      // Kept at once: whatever happens to the request, its end is said.
      pass = try await source.gate.enter(.get, purpose: purpose, flow: turns)
    } catch {
      throw RangedFailure(error)
    }
    let opened = try await ask(target..<range.upperBound)
    body = opened
    position = opened.start
    return opened
  }

  /// Asks for `wanted`, by a second request too where the mount has such and the first is slow.
  private func ask(_ wanted: Range<Int64>) async throws(RangedFailure) -> RangedBody {
    guard let delay = source.gate.hedgeDelay(.get), let reactor = Reactor.current,
      let first = pass.take()
    else {
      let opened = try await source.get(wanted, for: purpose, abort: nil)
      pass?.answered()
      return opened
    }
    let race = RangedRace(source, wanted, purpose, reactor)
    let opened = try await race.run(first, delay: delay)
    pass = race.takePass()
    return opened
  }

  private func skip(to target: Int64, _ body: RangedBody) async throws(RangedFailure) {
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
    into piece: UnsafeMutableRawBufferPointer, _ body: RangedBody
  ) async throws(RangedFailure) {
    body.response.deadline = source.deadline
    let count = try await unsafe read(into: piece, body.response)
    position += Int64(count)
    receivedSize += Int64(count)
    await pass?.pace(Int64(count))
    // A body without a stated length may end anywhere.
    guard count == piece.count else {
      throw source.wrongLength(isShort: true, status: body.response.status)
    }
    if position == body.end, !body.response.isEnded {
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
      defer { unsafe scratch.deallocate() }
      guard try await unsafe read(into: scratch, body.response) == 0 else {
        throw source.wrongLength(isShort: false, status: body.response.status)
      }
    }
    guard position == range.upperBound else { return }
    await body.response.finish()
    end(.ok(bytes: receivedSize))
  }

  private func read(
    into buffer: UnsafeMutableRawBufferPointer, _ response: HTTPClientResponse
  ) async throws(RangedFailure) -> Int {
    do throws(HTTPClientError) {
      return unsafe try await response.read(into: buffer)
    } catch {
      throw source.failure(error)
    }
  }
}
