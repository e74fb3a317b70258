// A GET and, when its first byte is late, a second one for the same range: the first good answer is taken.
//
//   first    ├──────────────────────────✗ given up           overtaken: counted as a hedge that won
//   second             ├───────▶ head                        sent after the percentile of latency that the mount names
//            └─ delay ─┘
//
// Sent only when the store refused nothing lately, nobody waits at the gate and the retry budget pays for it.

import HTTPWire
import Model
import Ring

/// One question for a range by up to two requests.
// SAFETY: confined to the reactor's thread; its tasks run there, and it waits for them but for the one that was given up.
@safe final class RangedRace: @unchecked Sendable {
  private let source: any RangedSource
  private let range: Range<Int64>
  private let purpose: UFSPurpose
  private let reactor: Reactor
  private var passes: [FlowPassBox] = []
  private var aborts: [HTTPClientAbort] = []
  private var runningCount = 0
  private var isGivenUp = false
  private var winner: (body: RangedBody, index: Int)?
  private var failure: RangedFailure?
  private var waiter: UnsafeContinuation<Void, Never>?

  /// A pass that a task works under.
  @safe private final class FlowPassBox {
    var pass: FlowPass?
    init(_ pass: consuming FlowPass) { self.pass = consume pass }
  }

  /// A race for `range` on `reactor`.
  init(
    _ source: any RangedSource, _ range: Range<Int64>, _ purpose: UFSPurpose, _ reactor: Reactor
  ) {
    self.source = source
    self.range = range
    self.purpose = purpose
    self.reactor = reactor
    unsafe waiter = nil
  }

  /// Asks under `pass`, and once more when no head came within `delay`; the answer goes on under `takePass`.
  ///
  /// - Throws: The last failure, when nothing answered well; its pass has ended.
  func run(_ pass: consuming FlowPass, delay: Duration) async throws(RangedFailure) -> RangedBody {
    start(pass)
    let timer = Task(executorPreference: reactor) { [self] in
      guard await reactor.sleep(for: delay) else { return }
      startSecond()
    }
    await withTaskCancellationHandler {
      await unsafe withUnsafeContinuation { unsafe waiter = $0 }
    } onCancel: {
      reactor.spawn { [self] in giveUp() }
    }
    timer.cancel()
    guard let winner else {
      guard let failure else { preconditionFailure("a race ends with an answer or a failure") }
      throw failure
    }
    for index in aborts.indices where index != winner.index { aborts[index].abort() }
    return winner.body
  }

  /// The right to go on with the answer, once.
  func takePass() -> FlowPass? {
    guard let winner else { return nil }
    return passes[winner.index].pass.take()
  }

  /// Ends both requests: nobody waits for them any more.
  private func giveUp() {
    guard winner == nil else { return }
    isGivenUp = true
    for abort in aborts { abort.abort() }
  }

  private func startSecond() {
    guard winner == nil, runningCount == 1, !isGivenUp,
      let pass = source.gate.beginHedge(.get, purpose: purpose)
    else { return }
    start(pass)
  }

  private func start(_ pass: consuming FlowPass) {
    let index = passes.count
    let abort = HTTPClientAbort()
    passes.append(FlowPassBox(pass))
    aborts.append(abort)
    runningCount += 1
    reactor.spawn { [self] in
      do throws(RangedFailure) {
        end(index, body: try await source.get(range, for: purpose, abort: abort))
      } catch {
        end(index, error)
      }
    }
  }

  private func end(_ index: Int, body: RangedBody) {
    runningCount -= 1
    guard winner == nil else {
      // Both answered at once.
      body.response.drop()
      passes[index].pass.take()?.finish(.overtaken)
      return
    }
    passes[index].pass?.answered()
    winner = (body, index)
    settle()
  }

  private func end(_ index: Int, _ error: RangedFailure) {
    runningCount -= 1
    let isOvertaken = winner != nil
    passes[index].pass.take()?.finish(isOvertaken ? .overtaken : error.outcome)
    guard !isOvertaken else { return }
    failure = error
    if runningCount == 0 { settle() }
  }

  private func settle() {
    guard let waiter = unsafe waiter else { return }
    unsafe self.waiter = nil
    unsafe waiter.resume()
  }
}
