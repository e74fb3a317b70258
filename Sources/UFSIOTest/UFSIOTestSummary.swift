// The report on standard output: names, nesting and units are those that existing scripts parse.

/// The base flags of an invocation, as the report repeats them.
package struct BaseParameters: Sendable {
  /// Flags of runs on several workers.
  package var cluster = false
  package var clusterLimit = 0
  package var clusterStartDelay = "10s"
  /// Flags about the JVM, which change nothing here.
  package var javaOptions: [String] = []
  package var profileAgent = ""
  /// The time limit as it was given.
  package var benchTimeout = "20m"
  /// Flags between processes of one invocation.
  package var id = "local-task-0"
  package var index = "local-task-0"
  package var distributed = false
  package var startMilliseconds: Int64 = -1
  package var inProcess = false

  /// The defaults.
  package init() {}

  var node: ReportNode {
    .object([
      ("mCluster", .truth(cluster)), ("mClusterLimit", .integer(Int64(clusterLimit))),
      ("mClusterStartDelay", .text(clusterStartDelay)),
      ("mJavaOpts", .list(javaOptions.map { .text($0) })), ("mProfileAgent", .text(profileAgent)),
      ("mBenchTimeout", .text(benchTimeout)), ("mId", .text(id)), ("mIndex", .text(index)),
      ("mDistributed", .truth(distributed)), ("mStartMs", .integer(startMilliseconds)),
      ("mInProcess", .truth(inProcess)), ("mHelp", .truth(false)),
    ])
  }
}

/// The whole report.
package struct UFSIOTestSummary: Sendable {
  /// What was asked.
  package var base: BaseParameters
  package var plan: UFSIOTestPlan
  /// Whether the options were to come from a mount.
  package var usesMountOptions = false
  /// What came of it.
  package var points: [StreamPoint]
  package var errors: [UFSIOTestError]

  /// A report of its parts.
  package init(
    base: BaseParameters, plan: UFSIOTestPlan, points: [StreamPoint], errors: [UFSIOTestError]
  ) {
    self.base = base
    self.plan = plan
    self.points = points
    self.errors = errors
  }

  /// The report as text; values of options that may be secret are left out.
  package var json: String {
    ReportNode.object([
      ("readSpeedStat", Self.node(SpeedStat(points.filter { $0.direction == .read }))),
      ("points", .list(points.map(Self.node))),
      ("errors", .list(errors.map { .text("\($0)") })),
      ("baseParameters", base.node),
      ("writeSpeedStat", Self.node(SpeedStat(points.filter { $0.direction == .write }))),
      ("parameters", parameters),
      ("className", .text("alluxio.stress.worker.IOTaskSummary")),
    ]).json()
  }

  private var parameters: ReportNode {
    .object([
      ("mThreads", .integer(Int64(plan.streamCount))), ("mDataSize", .text(plan.sizeText)),
      ("mPath", .text(plan.path)), ("mUseUfsConf", .truth(usesMountOptions)),
      (
        "mConf",
        .object(
          plan.options.sorted { $0.key < $1.key }.map {
            ($0.key, .text(Self.isSecret($0.key) ? "******" : $0.value))
          })
      ),
    ])
  }

  /// Whether an option's value is not for reports: what looks like a credential by its name.
  static func isSecret(_ key: String) -> Bool {
    let key = key.lowercased()
    return ["secret", "password", "token", "access", "credential", "key"].contains {
      key.contains($0)
    }
  }

  private static func node(_ point: StreamPoint) -> ReportNode {
    .object([
      ("mMode", .text(point.direction.rawValue)), ("mDurationSeconds", .number(point.seconds)),
      ("mDataSizeBytes", .integer(point.bytes)),
      ("className", .text("alluxio.stress.worker.IOTaskResult$Point")),
    ])
  }

  private static func node(_ stat: SpeedStat) -> ReportNode {
    .object([
      ("mTotalDurationSeconds", .number(stat.totalDurationSeconds)),
      ("mTotalSizeBytes", .integer(stat.totalSizeBytes)),
      ("mMaxSpeedMbps", .number(stat.maxSpeed)), ("mMinSpeedMbps", .number(stat.minSpeed)),
      ("mAvgSpeedMbps", .number(stat.averageSpeed)),
      ("mClusterAvgSpeedMbps", .number(stat.clusterSpeed)), ("mStdDev", .number(stat.deviation)),
      ("className", .text("alluxio.stress.worker.IOTaskSummary$SpeedStat")),
    ])
  }
}
