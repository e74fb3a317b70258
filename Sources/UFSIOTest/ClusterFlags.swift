// Flags of the original that concern several processes, and those that concern its JVM.

import ArgumentParser

/// The base flags; each appears in the report.
struct ClusterFlags: ParsableArguments {
  @Flag(help: "Refused by this version: run it on each worker, with another --id each.")
  var cluster = false
  @Option(
    parsing: .unconditional,
    help: "With --cluster: how many workers; 0 is all, below 0 counts from the end.")
  var clusterLimit = 0
  @Option(help: "With --cluster: the time between the request and the start.")
  var clusterStartDelay = "10s"
  @Option(help: "Gives up after this time, and deletes its files.")
  var benchTimeout = "20m"
  @Option(
    name: .long, parsing: .unconditionalSingleValue, help: "Accepted and ignored: there is no JVM.")
  var javaOpt: [String] = []
  @Option(parsing: .unconditional, help: "Accepted and ignored: there is no JVM.")
  var profileAgent = ""

  @Option(help: "Part of the files' names, so that several may run at once.")
  var id = "local-task-0"
  @Option(parsing: .unconditional, help: .hidden) var index = "local-task-0"
  @Flag(help: .hidden) var distributed = false
  @Option(parsing: .unconditional, help: .hidden) var startMs: Int64 = -1
  @Flag(help: .hidden) var inProcess = false

  /// The flags as the report repeats them.
  var parameters: BaseParameters {
    var base = BaseParameters()
    (base.cluster, base.clusterLimit) = (cluster, clusterLimit)
    (base.clusterStartDelay, base.benchTimeout) = (clusterStartDelay, benchTimeout)
    (base.javaOptions, base.profileAgent) = (javaOpt, profileAgent)
    (base.id, base.index, base.distributed) = (id, index, distributed)
    (base.startMilliseconds, base.inProcess) = (startMs, inProcess)
    return base
  }
}
