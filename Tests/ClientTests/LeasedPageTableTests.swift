import Foundation
import LocalWire
import Synchronization
import Testing

@testable import PenstockClient

/// What the threads of a race tell each other and the test.
private final class Found: Sendable {
  let isDone = Atomic<Bool>(false)
  let wrong = Atomic<Int>(0)
  let seen = Atomic<Int>(0)
}

@Suite("LeasedPageTable")
struct LeasedPageTableTests {
  /// An address that is never read, only compared.
  private static func address(_ number: Int) -> UnsafeRawPointer {
    guard let address = UnsafeRawPointer(bitPattern: number << 6) else {
      preconditionFailure("numbers begin with 1")
    }
    return address
  }

  @Test("a page is found where it was leased last, and not once it is given back")
  func lookup() {
    let table = LeasedPageTable(pageCount: 5000)
    let pages: [UInt32] = [0, 1, 511, 512, 4999]
    for page in pages {
      #expect(table.find(page) == nil)
      table.set(page, Self.address(Int(page) + 1), LeaseMark(slot: page, generation: 1))
    }
    for page in pages {
      #expect(table.find(page)?.address == Self.address(Int(page) + 1))
      #expect(table.find(page)?.mark == LeaseMark(slot: page, generation: 1))
    }
    table.set(512, Self.address(9), LeaseMark(slot: 7, generation: 2))
    #expect(table.find(512)?.mark == LeaseMark(slot: 7, generation: 2))
    table.clear(512)
    table.clear(3000)
    #expect(table.find(512) == nil && table.find(3000) == nil && table.find(513) == nil)
    #expect(table.find(511) != nil)
    #expect(table.find(.max) == nil, "pages beyond the file are nowhere")
  }

  @Test("a reader beside a writer never sees the address of one lease with the mark of another")
  func race() async throws {
    let table = LeasedPageTable(pageCount: 1)
    let found = Found()
    async let writing: Void = Self.onThread {
      for number in 1...300_000 {
        let mark = LeaseMark(slot: UInt32(number % 64), generation: UInt32(number))
        table.set(0, Self.address(number), mark)
        if number % 5 == 0 { table.clear(0) }
      }
      found.isDone.store(true, ordering: .relaxed)
    }
    async let reading: Void = Self.onThread {
      while !found.isDone.load(ordering: .relaxed) {
        guard let place = table.find(0) else { continue }
        found.seen.add(1, ordering: .relaxed)
        if place.address != Self.address(Int(place.mark.generation)) {
          found.wrong.add(1, ordering: .relaxed)
        }
      }
    }
    _ = await (writing, reading)
    #expect(found.wrong.load(ordering: .relaxed) == 0)
    #expect(found.seen.load(ordering: .relaxed) > 0)
  }

  /// Runs `body` on a thread of its own, not of those that all tests share.
  private static func onThread(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
      Thread {
        body()
        continuation.resume()
      }.start()
    }
  }
}
