// The parts of load jobs that decide: states, books, throttle, queue, filter, tickets.

import Model
import Testing
import WorkerDaemon

@Suite struct LoadStateTests {
  @Test("a job waits, runs, verifies and ends; each step happens once")
  func moves() {
    var machine = LoadStateMachine()
    #expect(machine.state == .waiting)
    let steps = [
      machine.verify(), machine.finish(failure: nil), machine.start(), machine.start(),
      machine.verify(), machine.finish(failure: nil), machine.stop(), machine.finish(failure: "x"),
    ]
    #expect(steps == [false, false, true, false, true, true, false, false])
    #expect(machine.state == .succeeded)
    #expect(machine.failure == nil)
  }

  @Test("a stopped job neither succeeds nor fails any more")
  func staysStopped() {
    var machine = LoadStateMachine()
    let steps = [machine.stop(), machine.start(), machine.finish(failure: "x")]
    #expect(steps == [true, false, false])
    #expect(machine.state == .stopped)
    #expect(machine.state.isTerminal)
  }

  @Test("clients never see WAITING")
  func words() {
    #expect(LoadState.waiting.clientWord == "RUNNING")
    #expect(LoadState.failed.clientWord == "FAILED")
  }
}

@Suite struct LoadLedgerTests {
  @Test("random histories of a file keep the books balanced")
  func balances() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix(state: seed)
    var ledger = LoadLedger()
    for _ in 0..<2000 {
      let length = Int64.random(in: 0...1000, using: &random)
      ledger.list(bytes: length)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: ledger.skip(bytes: length)
      case 1:
        let part = Int64.random(in: 0...length, using: &random)
        ledger.load(bytes: part)
        ledger.fail(unsettled: length - part)
      case 2:
        let part = Int64.random(in: 0...length, using: &random)
        ledger.load(bytes: part)
        ledger.relist(oldBytes: length, loaded: part, bytes: length + 7)
        ledger.load(bytes: length + 7)
        ledger.finishLoaded()
      case 3:
        ledger.skip(bytes: length)
        ledger.lose(bytes: length / 2, wasSkipped: true)
      case 4:
        ledger.load(bytes: length)
        ledger.finishLoaded()
        ledger.reopen(bytes: length, wasSkipped: false)
      default:
        ledger.load(bytes: length)
        ledger.finishLoaded()
        ledger.lose(bytes: length / 2, wasSkipped: false)
      }
      #expect(ledger.isBalanced, "SEED=\(seed)")
    }
  }
}

@Suite struct LoadThrottleTests {
  @Test("ranges are spaced so that the average keeps the limit, and refunds count")
  func spaces() {
    let throttle = LoadThrottle(bytesPerSecond: 1000)
    #expect(throttle.reserve(500, now: 0) == .zero)
    #expect(throttle.reserve(500, now: 0) == .milliseconds(500))
    throttle.refund(500)
    #expect(throttle.reserve(500, now: 0) == .milliseconds(500))
    #expect(throttle.reserve(1, now: 5_000_000_000) == .zero)
  }

  @Test("absurd sizes neither trap nor let anything through at once")
  func survivesAbsurdSizes() {
    let throttle = LoadThrottle(bytesPerSecond: 1)
    #expect(throttle.reserve(.max, now: 0) == .zero)
    #expect(throttle.reserve(1, now: 0) > .seconds(1_000_000))
    #expect(throttle.reserve(-5, now: 0) > .zero)
  }
}

@Suite struct LoadQueueTests {
  @Test("a full queue holds its producer back, and everything comes out in order")
  func holdsBack() async {
    let queue = LoadQueue<Int>(capacity: 2)
    async let produced: Void = {
      for value in 0..<3000 { _ = await queue.push(value) }
      queue.close()
    }()
    var values: [Int] = []
    while let value = await queue.next() { values.append(value) }
    await produced
    #expect(values == Array(0..<3000))
    #expect(await !queue.push(1))
  }

  @Test("a cancelled queue lets everyone go with nothing")
  func cancels() async {
    let queue = LoadQueue<Int>(capacity: 1)
    _ = await queue.push(1)
    async let blocked = queue.push(2)
    queue.cancel()
    #expect(await !blocked)
    #expect(await queue.next() == nil)
  }
}

@Suite struct LoadFilterTests {
  @Test("a filter keeps names that match wholly; a pattern that is none is refused")
  func filters() throws {
    let filter = try #require(LoadFilter(#"part-\d+\.parquet"#))
    #expect(filter.keeps("part-00001.parquet"))
    #expect(!filter.keeps("part-00001.parquet.tmp"))
    #expect(LoadFilter("(") == nil)
    #expect(LoadFilter(String(repeating: "a", count: LoadFilter.lengthMax + 1)) == nil)
  }
}

@Suite struct LoadTicketTests {
  @Test("only the last range of a file decides, and the first reason stays")
  func decidesOnce() throws {
    let file = FakeLoadSource.file("s3://b/f", length: 300)
    let ticket = try #require(LoadTicket(file, unitCount: 3))
    #expect(ticket.settle(bytes: 100) == .open)
    #expect(ticket.fail("first") == .open)
    #expect(!ticket.isWorthwhile)
    #expect(ticket.fail("second") == .failed(unsettled: 200, reason: "first"))
    let directory = FileStatus(
      ufsPath: "s3://b/d", kind: .directory, length: 0, modificationTime: 0, version: nil)
    #expect(LoadTicket(directory, unitCount: 1) == nil)
  }
}

@Suite struct RateTextTests {
  @Test("ratios are rounded half up and never overflow")
  func rounds() {
    #expect(RateText.percentHundredths(1, of: 3) == 3333)
    #expect(RateText.percentHundredths(2, of: 3) == 6667)
    #expect(RateText.percentHundredths(0, of: 0) == 0)
    #expect(RateText.percentHundredths(.max, of: .max) == 10_000)
    #expect(RateText.percentHundredths(.max, of: 1) == .max)
    #expect(RateText.percentFloor(999, of: 1000) == 99)
    #expect(RateText.hundredths(1205) == "12.05")
  }
}
