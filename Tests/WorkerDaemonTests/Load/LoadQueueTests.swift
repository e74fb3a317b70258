// The queue between listing and fills.

import Testing
import WorkerDaemon

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
