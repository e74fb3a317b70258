// Load jobs over real files.

import DaemonDriver
import Model
import PageStore
import Ring
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

@Suite("Load jobs over the read path")
struct FilesLoadSourceTests {
  @Test(
    "a directory of somebody else's, such as lost+found, fails by its name and nothing else does")
  func refused() async throws {
    let scratch = try ScratchDirectory("load-source")
    for name in ["a/f", "lost+found/g", "z/f"] {
      let folder = try #require(name.split(separator: "/").first)
      try makeDirectories(scratch.path("\(folder)"))
      try writeBytes([1, 2, 3], to: scratch.path(name))
    }
    let group = try ReactorGroup(count: 1, pinned: false)
    let pool = try BlockingPool(name: "test", threads: 2)
    defer {
      group.stop()
      pool.stop()
    }
    let opened = try MountTable(
      opening: [MountSpecification(alluxioPath: "/", uri: scratch.path)],
      in: UFSEnvironment(pool: pool)
    ).mounts[0]
    let ufs = RefusingUFS(opened.ufs, refusing: ["lost+found"], at: .start)
    let files = FileService(
      mounts: try MountTable([Mount(alluxioPath: "/", uri: opened.uri, ufs: ufs)]),
      store: try PageStore(capacity: 64 << 20), reactors: group.reactors)
    let job = LoadJob(
      path: ufs.rootURI, id: "1", options: LoadOptions(), limits: LoadLimits(),
      source: FilesLoadSource(files: files, pool: pool))
    await group.reactors[0].run { await job.run(on: group.reactors) }
    let report = job.report(verbose: false)
    #expect(report.state == .failed)
    #expect(report.ledger.loaded.files == 2 && report.ledger.failed.files == 1)
    #expect(job.failedFiles.count == 1)
    #expect(job.failedFiles.first?.subject.hasSuffix("/lost+found") == true)
    #expect(report.failure?.contains("lost+found") == true)
  }
}
