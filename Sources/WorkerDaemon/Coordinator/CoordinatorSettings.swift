// What a coordinator runs with: the configuration's values that it uses.

package import HTTPWire
package import Model
import RPC
package import Scheduler
package import UFS

/// Settings of one coordinator.
package struct CoordinatorSettings: Sendable {
  /// Directory for the process's state.
  package var workDirectory: String
  /// Directory of the job store.
  package var storeDirectory: String
  /// Directory of the lists of failed files.
  package var failedListDirectory: String
  /// Bounds of the scheduler.
  package var limits = SchedulerLimits()
  /// Points of a worker on the hash ring.
  package var pointCount: Int
  /// Port of REST and metrics.
  package var web: WorkerSettings.Endpoint
  /// Port of gRPC.
  var rpc: WorkerSettings.Endpoint
  /// Settings of calls to workers, and of the gRPC server.
  var channel: RPCChannelOptions
  var keepalive: RPCKeepalive
  /// Host by which others reach the coordinator.
  package var host: String
  /// File of the paths that are pinned on every worker.
  var pinsFile: String
  /// Bounds of the registry of workers.
  var registry = WorkerRegistry.Options()
  /// Limits of the web port.
  package var http: HTTPServerOptions
  /// The mounts that listings look in.
  package var mounts: [MountSpecification]
  /// The root mount's directory when nobody chose one: it is made if it is missing.
  package var defaultRoot: String?
  /// Defaults of mount options; may hold credentials.
  package var mountDefaults: [String: String]
  /// Bytes of parts of uploads: what mounts are checked against; workers write.
  package var uploadMemory: Int
  /// Bounds of requests to remote stores.
  package var flow: FlowLimits
  package var flowOptions: FlowOptions
  /// How long requests in flight may take after the signal to stop.
  package var shutdownTimeout: Duration

  /// The settings that `configuration` comes to; mounts and limits are those of `worker`.
  package init(_ configuration: Configuration, worker: WorkerSettings) {
    workDirectory = worker.workDirectory
    storeDirectory = configuration.string(.jobStoreDirectory)
    failedListDirectory = configuration.string(.failedListDirectory)
    pointCount = configuration.integer(.ringPointCount)
    web = WorkerSettings.Endpoint(
      host: worker.operations.host, port: configuration.port(.coordinatorWeb),
      key: Configuration.PortKey.coordinatorWeb.rawValue)
    rpc = WorkerSettings.Endpoint(
      host: configuration.string(.bindHost), port: configuration.port(.coordinatorRPC),
      key: Configuration.PortKey.coordinatorRPC.rawValue)
    let name = configuration.string(.coordinatorHostname)
    host = name.isEmpty ? configuration.advertisedHost(fallback: "localhost") : name
    pinsFile = worker.workDirectory + "/pins.json"
    channel = RPCChannelOptions(configuration)
    keepalive = .coordinator(configuration)
    http = worker.http
    mounts = worker.mounts
    defaultRoot = worker.defaultRoot
    mountDefaults = worker.mountDefaults
    uploadMemory = worker.uploadMemory
    (flow, flowOptions) = (worker.flow, worker.flowOptions)
    shutdownTimeout = worker.shutdownTimeout
    registry.silenceMax = configuration.duration(.workerSilenceMax)
    registry.lookInterval = configuration.duration(.lostWorkerLookInterval)
    let life = configuration.nanoseconds(.lostWorkerLifeMax)
    registry.lostLifeMax = .nanoseconds(Int64(clamping: life))
    registry.leaseCountMax =
      configuration.boolean(.registerLeaseEnabled)
      ? configuration.integer(.registerLeaseCountMax) : nil
    registry.leaseLife = configuration.duration(.registerLeaseLife)
    limits.tasksPerWorker = configuration.integer(.tasksPerWorkerMax)
    limits.runningJobCountMax = configuration.integer(.runningJobCountMax)
    limits.waitingJobCountMax = configuration.integer(.waitingJobCountMax)
    limits.batchSize = configuration.integer(.jobBatchSize)
    // Whole pages, so that no page belongs to two pieces.
    let (piece, page) = (configuration.size(.virtualBlockSize), configuration.size(.pageSize))
    limits.pieceSize = piece <= 0 ? 0 : (piece - 1) / max(1, page) * page + page
    let threshold = configuration.integer(.loadFailureCountThreshold)
    limits.failureCountThreshold = threshold < 0 ? nil : Int64(threshold)
    limits.failureRatioThreshold = Int64(
      (configuration.number(.loadFailureRatioThreshold) * 10_000).rounded())
    limits.retryCountMax = configuration.integer(.loadRetryCountMax)
    limits.retention = configuration.duration(.jobRetention)
    limits.cleanupInterval = configuration.duration(.jobCleanupInterval)
    limits.returnTime = min(registry.silenceMax, .seconds(10))
    limits.initialWait = configuration.duration(.schedulerInitialWait)
  }
}
