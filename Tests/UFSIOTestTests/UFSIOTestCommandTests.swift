// Flags and report: what existing scripts say and read.

import ArgumentParser
import DaemonDriver
import Foundation
import Testing
import UFSIOTest
import WorkerDaemon

@Suite("The I/O test's command line")
struct UFSIOTestCommandTests {
  @Test("without flags it is what the original does")
  func defaults() throws {
    let plan = try UFSIOTestCommand.parse(["--path", "s3://bucket/dir"]).plan
    #expect(plan.path == "s3://bucket/dir" && plan.size == 4 << 30 && plan.streamCount == 4)
    #expect(plan.bufferSize == 1 << 20 && plan.taskID == "local-task-0" && plan.verifies)
    #expect(plan.options.isEmpty && plan.mode == .writeRead && !plan.measuresCeiling)
  }

  @Test("what the site file says of under file systems is the mount's default, as in a worker")
  func siteFile() throws {
    let folder = try ScratchDirectory("iotest-conf")
    try writeBytes(
      Array("alluxio.underfs.s3.region=eu-north-1\nalluxio.worker.rpc.port=1\n".utf8),
      to: folder.path("alluxio-site.properties"))
    let loader = ConfigurationLoader(confDirectory: folder.path, environment: [])
    let settings = try UFSIOTestCommand.settings(loader)
    #expect(settings["alluxio.underfs.s3.region"] == "eu-north-1")
    #expect(settings["alluxio.worker.rpc.port"] == nil)
  }

  @Test("every flag of the original is taken, hidden and idle ones too")
  func allFlags() throws {
    let plan = try UFSIOTestCommand.parse([
      "--path", "/data", "--io-size", "512M", "--threads", "16", "--use-mount-conf", "--conf",
      "a.b=c=d", "--conf", "e=f", "--cluster", "--cluster-limit", "-2", "--cluster-start-delay",
      "15s", "--bench-timeout", "5m", "--java-opt", " -Xmx4g", "--java-opt", "-Xms2g",
      "--profile-agent", "/agent.jar", "--id", "task-7", "--index", "3", "--distributed",
      "--start-ms", "-1", "--in-process",
    ]).plan
    #expect(plan.size == 512 << 20 && plan.streamCount == 16 && plan.taskID == "task-7")
    #expect(plan.options == ["a.b": "c=d", "e": "f"])
  }

  @Test(
    "what cannot be done is refused",
    arguments: [
      ["--threads", "0"], ["--io-size", "many"], ["--io-size", "0"], ["--conf", "x"],
      ["--bench-timeout", "soon"], ["--buffer-size", "1000"], ["--id", "a/b"], ["--rounds", "0"],
      ["--threads", "100000000"], ["--ceiling", "--path", "hdfs://nn/x"],
    ])
  func refused(flags: [String]) {
    let error = #expect(throws: (any Error).self) {
      try UFSIOTestCommand.parse((flags.contains("--path") ? [] : ["--path", "/data"]) + flags)
    }
    #expect(error.map { UFSIOTestCommand.exitCode(for: $0).rawValue } == 64)
  }

  @Test("as many streams as are allowed are taken")
  func bound() throws {
    let plan = try UFSIOTestCommand.parse([
      "--path", "/data", "--threads", "\(UFSIOTestCommand.threadCountMax)",
    ]).plan
    #expect(plan.streamCount == UFSIOTestCommand.threadCountMax)
  }

  @Test("the report has the names of the original, and no other")
  func reportNames() throws {
    var plan = UFSIOTestPlan(path: "s3://bucket/\"x\"")
    plan.options = ["s3a.secretKey": "hidden", "alluxio.underfs.s3.region": "eu"]
    let points = [
      StreamPoint(direction: .read, seconds: 2, bytes: 4 << 20),
      StreamPoint(direction: .write, seconds: 4, bytes: 4 << 20),
    ]
    let text = UFSIOTestSummary(base: BaseParameters(), plan: plan, points: points, errors: []).json
    #expect(!text.contains("hidden") && text.contains("\"mThreads\" : 4"))
    let report = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(
      Set(report.keys) == [
        "readSpeedStat", "writeSpeedStat", "points", "errors", "baseParameters", "parameters",
        "className",
      ])
    let read = try #require(report["readSpeedStat"] as? [String: Any])
    #expect(
      Set(read.keys) == [
        "mTotalDurationSeconds", "mTotalSizeBytes", "mMaxSpeedMbps", "mMinSpeedMbps",
        "mAvgSpeedMbps", "mClusterAvgSpeedMbps", "mStdDev", "className",
      ])
    #expect(read["mAvgSpeedMbps"] as? Double == 2 && read["mTotalSizeBytes"] as? Int == 4 << 20)
    let parameters = try #require(report["parameters"] as? [String: Any])
    #expect(
      Set(parameters.keys) == ["mThreads", "mDataSize", "mPath", "mUseUfsConf", "mConf"])
    #expect(parameters["mPath"] as? String == "s3://bucket/\"x\"")
    let base = try #require(report["baseParameters"] as? [String: Any])
    #expect(
      Set(base.keys) == [
        "mCluster", "mClusterLimit", "mClusterStartDelay", "mJavaOpts", "mProfileAgent",
        "mBenchTimeout", "mId", "mIndex", "mDistributed", "mStartMs", "mInProcess", "mHelp",
      ])
    let point = try #require((report["points"] as? [[String: Any]])?.last)
    #expect(Set(point.keys) == ["mMode", "mDurationSeconds", "mDataSizeBytes", "className"])
    #expect(point["mMode"] as? String == "WRITE" && point["mDurationSeconds"] as? Double == 4)
  }
}
