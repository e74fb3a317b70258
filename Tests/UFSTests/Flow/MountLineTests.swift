import Testing

@testable import UFS

private let second: UInt64 = 1_000_000_000

@Suite struct MountLineTests {
  @Test("demand waits for demand only, and what it takes is added before those who wait")
  func demandFirst() {
    var line = MountLine(bytesPerSecond: 1000)
    var waits: [UInt64] = []
    for _ in 0..<10 { waits.append(line.reserve(1000, for: .load, now: 0)) }
    #expect(waits.last == 9 * second)
    let mark = line.overtaken
    let first = line.reserve(1500, for: .demand, now: 0)
    #expect(first == 0)
    let next = line.reserve(500, for: .demand, now: 0)
    #expect(next == 1_600_000_000)
    #expect(line.overtaken - mark == 2 * second)
    let behind = line.reserve(1, for: .readAhead, now: 0)
    #expect(behind == 12 * second)
  }

  @Test("demand that wants all of a line leaves a sixteenth of it to those who wait")
  func noStarvation() {
    var line = MountLine(bytesPerSecond: 1000)
    var now: UInt64 = 0
    var (demand, load) = (0, 0)
    while now < 320 * second {
      if line.free(for: .load) <= now {
        _ = line.reserve(100, for: .load, now: now)
        load += 100
      }
      if line.free(for: .demand) <= now {
        _ = line.reserve(100, for: .demand, now: now)
        demand += 100
      }
      now = min(
        max(now + 1, line.free(for: .demand)), max(now + 1, line.free(for: .load)))
    }
    #expect(demand + load <= 321_000 && demand + load > 310_000, "\(demand) \(load)")
    #expect((18_000...22_000).contains(load), "\(load)")
  }

  @Test("what was not taken is given back to whom it was reserved for")
  func refund() {
    var line = MountLine(bytesPerSecond: 1000)
    _ = line.reserve(1000, for: .demand, now: 0)
    line.refund(1000, for: .demand)
    #expect(line.free(for: .demand) == 0)
    #expect(line.free(for: .load) == 0)
    _ = line.reserve(.max, for: .demand, now: .max - 1)
    _ = line.reserve(.max, for: .demand, now: .max - 1)
    #expect(line.free(for: .load) == .max)
  }
}
