// Bandwidth of load jobs.

import Testing
import WorkerDaemon

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
