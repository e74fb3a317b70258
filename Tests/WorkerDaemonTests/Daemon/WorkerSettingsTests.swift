import DaemonDriver
import Model
import Testing

@testable import WorkerDaemon

@Suite struct WorkerSettingsTests {
  private func settings(_ definitions: [String]) throws -> WorkerSettings {
    var input = ConfigurationInput()
    input.definitions = ["alluxio.worker.page.store.type=MEM"] + definitions
    let machine = MachineMemory.current()
    return try WorkerSettings(try Configuration(input), mounts: [], machine: machine)
  }

  @Test("what may be held besides pages is counted: reads in flight, rings, listings, checksums")
  func parts() throws {
    let one = ["alluxio.worker.reactor.count=1", "alluxio.worker.page.store.sizes=16MB"]
    let least = try settings(one).overhead
    #expect(least > 96 << 20 && least < 512 << 20)
    let key = "alluxio.worker.job.load.executor.threads.max"
    let idle = try settings(one + ["\(key)=1"]).overhead
    #expect(least - idle == Int64(2047 * 65_536))
    let two = try settings(["alluxio.worker.reactor.count=2", one[1]]).overhead
    #expect(two - least == 86 << 20)
    #expect(try settings(one + ["\(key)=1000000"]).overhead > 61 << 30, "no sum wraps")
  }

  @Test(
    "a coordinator in the same process counts, with the jobs that may wait and the files of running ones"
  )
  func coordinator() throws {
    let key = "alluxio.coordinator.scheduler.waiting.job.capacity"
    let definitions = ["alluxio.worker.reactor.count=1", "\(key)=1000"]
    var settings = try settings(definitions)
    let alone = settings.overhead
    settings.hasCoordinator = true
    let few = settings.overhead
    #expect(few - alone == 64 << 20 + 1000 * 512 + 200_000 * 640)
    var many = try self.settings(["alluxio.worker.reactor.count=1", "\(key)=300000"])
    many.hasCoordinator = true
    #expect(many.overhead - few == 299_000 * 512)
  }

  @Test("a cache in the files of a mount, and a key that does nothing, are warnings by name")
  func warnings() throws {
    let scratch = try ScratchDirectory("settings")
    var input = ConfigurationInput()
    input.definitions = [
      "alluxio.worker.page.store.dirs=\(scratch.path)/data/cache,\(scratch.path)/database",
      "alluxio.worker.page.store.sizes=64MB,64MB",
      "penstock.worker.page.store.memory.save.dir=\(scratch.path)/saved",
    ]
    let settings = try WorkerSettings(
      try Configuration(input), mounts: ["/d=file://\(scratch.path)/data"],
      machine: MachineMemory.current())
    #expect(settings.warnings.count == 2, "\(settings.warnings)")
    #expect(settings.warnings[0].contains("\(scratch.path)/data/cache lies in the mount /d"))
    #expect(settings.warnings[1].hasPrefix("penstock.worker.page.store.memory.save.dir is ignored"))
  }

  @Test("a secret among the options of --mount is a warning that names it and does not show it")
  func secretsOfMounts() throws {
    var input = ConfigurationInput()
    input.definitions = ["alluxio.worker.page.store.type=MEM"]
    let settings = try WorkerSettings(
      try Configuration(input),
      mounts: ["/a=s3://b,aws.secretKey=hush,s3a.accessKeyId=id", "/c=s3://d,readonly=true"],
      machine: MachineMemory.current())
    #expect(settings.isRootConfigured)
    let shown = settings.warnings.filter { $0.contains("--mount /a aws.secretKey") }
    #expect(shown.count == 1 && settings.warnings.count { $0.contains("--mount /c") } == 0)
    #expect(shown.first?.contains("every process list") == true)
    #expect(!settings.warnings.joined().contains("hush"))
  }
}
