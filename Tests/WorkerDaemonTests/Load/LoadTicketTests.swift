// A file's way through a job.

import Model
import Testing
import WorkerDaemon

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
