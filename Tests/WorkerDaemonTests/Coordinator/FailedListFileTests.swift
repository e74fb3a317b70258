import DaemonDriver
import Glibc
import Model
import Scheduler
import Testing

@testable import WorkerDaemon

@Suite("FailedListFile")
struct FailedListFileTests {
  private func record(_ number: UInt64, _ path: String) -> JobRecord {
    JobRecord(
      id: JobID.make(milliseconds: 1_700_000_000_000, sequence: 0, random: number << 2),
      JobSpecification(.load, .paths([path])), submittedAt: 1_700_000_000_000)
  }

  @Test("jobs whose lists would have one name have a list each, and remove no other's")
  func sameName() throws {
    let scratch = try ScratchDirectory("lists")
    let store = MemoryJobStore()
    var (first, second) = (record(1, "file:///x/y"), record(2, "file:///x_y"))
    #expect(FailedList.name(of: first) == FailedList.name(of: second))
    let third = FailedListFile(directory: scratch.path, record: record(3, "file:///x_y"))
    first.failedListPath = try FailedListFile(directory: scratch.path, record: first)
      .write(from: store).get()
    second.failedListPath = try FailedListFile(directory: scratch.path, record: second)
      .write(from: store).get()
    let paths = try [#require(first.failedListPath), #require(second.failedListPath)]
    #expect(paths[0] != paths[1])
    #expect(third.remove(), "it has none")
    for path in paths { #expect(unsafe access(path, F_OK) == 0, "\(path)") }
    #expect(FailedListFile(directory: scratch.path, record: second).remove())
    #expect(unsafe access(paths[0], F_OK) == 0)
    #expect(unsafe access(paths[1], F_OK) != 0)
  }
}
