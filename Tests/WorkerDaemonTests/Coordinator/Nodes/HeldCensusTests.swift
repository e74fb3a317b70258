import Messages
import Testing

@testable import WorkerDaemon

@Suite("HeldCensus")
struct HeldCensusTests {
  private func file(_ number: Int, held: UInt64 = 10, length: UInt64 = 10) -> WireHeldFile {
    .make {
      $0.path = "file:///data/f\(number)"
      $0.version = "v\(number)"
      ($0.length, $0.heldBytes) = (length, held)
    }
  }

  private func batch(_ files: [WireHeldFile]) -> WireRegisterRequest { .make { $0.files = files } }

  private func last(_ files: [WireHeldFile], batches: UInt64, all: UInt64) -> WireRegisterRequest {
    .make {
      $0.files = files
      ($0.isLast, $0.batchCount, $0.fileCount, $0.unnamedFiles) = (true, batches, all, 3)
    }
  }

  @Test("batches are counted, and the last message agrees with the counts")
  func counts() {
    var census = HeldCensus()
    let problems = [
      census.take(batch([file(1), file(2, held: 4)])),
      census.take(last([file(3)], batches: 2, all: 3)),
    ]
    #expect(problems == [nil, nil])
    #expect((census.files, census.bytes, census.unnamed) == (3, 24, 3))
    #expect(census.text == "3 files, 24B, and 3 without a name")
  }

  @Test("a stream that lost a message, or tells nonsense, is refused")
  func refused() {
    var census = HeldCensus()
    let short = census.take(last([file(1)], batches: 2, all: 2))
    #expect(short?.contains("not 2") == true)
    var (nonsense, nameless) = (HeldCensus(), HeldCensus())
    let problems = [
      nonsense.take(batch([file(1, held: 11)])), nameless.take(batch([WireHeldFile()])),
    ]
    #expect(problems.allSatisfy { $0 != nil })
  }
}
