import Model
import Testing

@testable import WorkerDaemon

@Suite("UnnamedFiles")
struct UnnamedFilesTests {
  private func key(_ number: UInt64) -> FileKey { FileKey(high: number, low: 1) }

  @Test("a file is claimed once, by whoever is first")
  func claim() {
    let files = UnnamedFiles()
    #expect(files.isEmpty && files.claim(key(1)) { 1 } == nil)
    files.set([key(1), key(2)])
    #expect(files.count == 2)
    #expect(files.claim(key(1)) { 1 } == 1)
    #expect(files.claim(key(1)) { 1 } == nil)
    #expect(files.claim(key(3)) { 1 } == nil)
    #expect(!files.isEmpty)
    #expect(files.claim(key(2)) { 2 } == 2)
    #expect(files.isEmpty && files.count == 0)
  }
}
