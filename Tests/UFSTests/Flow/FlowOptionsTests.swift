import Testing
import UFS

@Suite struct FlowOptionsTests {
  @Test("a mount's own bounds override the defaults, and other keys are left alone")
  func parses() throws {
    var defaults = FlowOptions()
    defaults.hostCountMax = 7
    defaults.bandwidth = 5
    let options = try FlowOptions(
      parsing: [
        "alluxio.underfs.s3.threads.max": "40", "alluxio.underfs.s3.admin.threads.max": "20",
        "alluxio.underfs.s3.upload.threads.max": "0", "alluxio.underfs.s3.max.error.retry": "3",
        "penstock.worker.ufs.bandwidth": "100MB", "penstock.worker.ufs.hedge.percentile": "0.99",
        "s3a.secretKey": "x",
      ], defaults: defaults, mount: "/")
    #expect(options.readCountMax == 40)
    #expect(options.adminCountMax == 20)
    #expect(options.writeCountMax == nil)
    #expect(options.attemptCountMax == 4)
    #expect(options.bandwidth == 100 << 20)
    #expect(options.hedgePercentile == 0.99)
    #expect(options.hostCountMax == 7)
  }

  @Test("both spellings of S3's keys are read")
  func aliases() throws {
    let options = try FlowOptions(
      parsing: ["alluxio.underfs.s3a.threads.max": "12"], defaults: FlowOptions(), mount: "/")
    #expect(options.readCountMax == 12)
  }

  @Test("a value out of form is named with its key", arguments: FlowOptions.keys)
  func refuses(key: String) {
    let error = #expect(throws: MountError.self) {
      _ = try FlowOptions(parsing: [key: "a lot"], defaults: FlowOptions(), mount: "/m")
    }
    #expect(error?.description.contains(key) == true)
  }
}
