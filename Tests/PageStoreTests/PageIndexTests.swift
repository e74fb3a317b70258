import Model
import Testing

@testable import PageStore

@Suite("PageIndex")
struct PageIndexTests {
  private func put(_ key: PageKey, in index: borrowing PageIndex, at tick: UInt64) -> Int {
    let hash = index.hash(key)
    let stripe = index.stripe(of: hash)
    stripe.lock()
    defer { stripe.unlock() }
    if let entry = unsafe stripe.find(key, hash) {
      unsafe stripe.touch(entry, tick)
    } else if let entry = unsafe stripe.take() {
      unsafe entry.pointee.high = key.file.high
      unsafe entry.pointee.low = key.file.low
      unsafe entry.pointee.index = key.index
      unsafe stripe.insert(entry, hash)
      unsafe stripe.link(entry, 0, tick)
    }
    return Int(hash >> 56)
  }

  @Test(
    "the stripe of the page unused the longest is found, also when the clock wraps or runs ahead")
  func oldest() throws {
    let index = try PageIndex(pageCountMax: 1000, laneCount: 3, seed: 7)
    #expect(index.oldestStripe(ofLane: 0, now: 5, from: 0) == nil)
    let first = put(key(1), in: index, at: AccessClock.mask - 5)
    let second = put(key(2), in: index, at: 10)
    try #require(first != second)
    #expect(
      index.oldestStripe(ofLane: 0, now: 20, from: 77) == first, "from before the clock wrapped")
    _ = put(key(1), in: index, at: 1000)
    #expect(
      index.oldestStripe(ofLane: 0, now: 20, from: 0) == second, "a stamp of the future is young")
    _ = put(key(2), in: index, at: 1000)
    #expect(index.oldestStripe(ofLane: 0, now: 1000, from: first) == first, "equal ages take turns")
    #expect(index.oldestStripe(ofLane: 0, now: 1000, from: second) == second)
    #expect(AccessClock.tick(1280) == 10)
  }

  @Test("an entry goes back to its place by age, and a long lane stays in the order of stamps")
  func byAge() throws {
    let index = try PageIndex(pageCountMax: 1000, laneCount: 1, seed: 7)
    let stripe = index.stripe(0)
    stripe.lock()
    defer { stripe.unlock() }
    for number in 1...1000 {
      let entry = try #require(unsafe stripe.take())
      unsafe stripe.link(entry, 0, UInt64(number) * 10)
    }
    func stamps() -> [UInt64] {
      var found: [UInt64] = []
      var number = unsafe stripe.state.pointee.lanes[0].oldest
      while number != 0 {
        unsafe found.append(stripe.entry(number).pointee.stamp)
        number = unsafe stripe.entry(number).pointee.newer
      }
      return found
    }
    for (stamp, isNear) in [(5, true), (55, true), (5005, false), (9905, true), (20_000, true)] {
      let entry = try #require(unsafe stripe.take())
      unsafe stripe.link(entry, 0, byAge: UInt64(stamp), now: 30_000)
      let all = stamps()
      #expect(all == all.sorted())
      #expect(all.contains(UInt64(stamp)) == isNear, "\(stamp)")
      #expect(index.oldestStripe(ofLane: 0, now: 30_000, from: 0) == 0)
      let count = unsafe Int(stripe.state.pointee.lanes[0].count)
      #expect(all.count == count)
    }
  }

  @Test("pages spread over the stripes, and each slot names its entry and stripe")
  func spread() throws {
    let index = try PageIndex(pageCountMax: 100_000, laneCount: 3, seed: 7)
    var counts = [Int](repeating: 0, count: PageIndex.stripeCount)
    for number in 0..<25_600 {
      counts[put(key(number / 8, UInt32(number % 8)), in: index, at: 1)] += 1
    }
    #expect(counts.allSatisfy { (50...160).contains($0) }, "100 each on average")
    let hash = index.hash(key(3, 2))
    let stripe = index.stripe(of: hash)
    let entry = try #require(unsafe stripe.find(key(3, 2), hash))
    #expect(unsafe index.entry(at: index.slot(of: entry)) == entry)
    #expect(unsafe index.stripe(of: entry).state == stripe.state)
    #expect(unsafe stripe.entry(stripe.local(entry)) == entry)
  }
}
