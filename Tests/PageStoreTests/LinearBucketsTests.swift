import DaemonDriver
import Testing

@testable import PageStore

@Suite("LinearBuckets")
struct LinearBucketsTests {
  @Test("entries stay findable at every size while the table grows one bucket at a time")
  func growth() {
    let capacity = 3000
    let heads = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
    unsafe heads.initialize(repeating: 0, count: capacity)
    defer { unsafe heads.deallocate() }
    var table = unsafe LinearBuckets(heads: heads, capacity: UInt32(capacity))
    var random = SeededRandom(seed: 42)
    var hashes: [UInt32] = [0]
    var next: [UInt32] = [0]
    for entry in UInt32(1)...4000 {
      let before = table.count
      hashes.append(UInt32(truncatingIfNeeded: random.next()))
      let position = table.position(of: hashes[Int(entry)])
      next.append(table[position])
      table[position] = entry
      table.grow(
        forCount: entry, next: { next[Int($0)] }, setNext: { next[Int($0)] = $1 },
        hash: { hashes[Int($0)] })
      #expect(table.count - before <= 1)
      guard entry % 97 == 0 || entry < 70 else { continue }
      for sought in 1...entry {
        var current = table[table.position(of: hashes[Int(sought)])]
        while current != sought, current != 0 { current = next[Int(current)] }
        #expect(current == sought, "entry \(sought) of \(entry)")
      }
    }
    #expect(table.count == UInt32(capacity), "growth stops at the memory there is")
  }
}
