// What a coordinator makes of the settings of mounts that its workers write to.

import Model
import Ring
import Testing
import UFS

@testable import WorkerDaemon

@Suite("CoordinatorServer")
struct CoordinatorServerTests {
  private static func mounts(_ definitions: [String]) throws -> MountTable {
    var input = ConfigurationInput()
    input.definitions =
      [
        "alluxio.worker.page.store.type=MEM",
        "alluxio.underfs.s3.multipart.upload.partition.size=256MB",
        "alluxio.underfs.s3.streaming.upload.partition.size=256MB",
      ] + definitions
    let configuration = try Configuration(input)
    let worker = try WorkerSettings(
      configuration, mounts: ["/=s3://bucket"], machine: MachineMemory.current())
    let settings = CoordinatorSettings(configuration, worker: worker)
    let pool = try BlockingPool(name: "test", threads: 1)
    defer { pool.stop() }
    return try CoordinatorServer.openMounts(settings, pool, FlowControl(limits: settings.flow))
  }

  @Test("mounts have the memory for parts of uploads that is set, as those of workers have")
  func uploadMemory() throws {
    #expect(throws: StartError.self) { try Self.mounts([]) }
    let mounts = try Self.mounts(["penstock.worker.ufs.upload.memory=512MB"])
    #expect(mounts.mounts.map(\.alluxioPath) == ["/"])
  }
}
