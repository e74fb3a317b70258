// What a worker runs with: the configuration's values that it uses, in their own types.

package import HTTPWire
package import Model
import RPC
import Ring
package import UFS

/// Settings of one worker.
package struct WorkerSettings: Sendable {
  /// A port, the address it listens on and the key that sets it; 0 lets the kernel choose.
  package struct Endpoint: Sendable {
    /// Numeric address to listen on.
    package var host: String
    /// TCP port; 0 lets the kernel choose.
    package var port: UInt16
    /// The key that sets the port, for messages.
    package var key: String
  }

  /// The ports that are on, with their names.
  var endpoints: [(name: String, endpoint: Endpoint)] {
    let all: [(String, Endpoint?)] = [
      ("rest", rest), ("objects", objects), ("operations", operations),
    ]
    return all.compactMap { name, endpoint in endpoint.map { (name, $0) } }
  }

  /// Name of the cluster this worker belongs to.
  package var clusterName: String
  /// Directory for the daemon's state.
  package var workDirectory: String
  /// Host name that clients are told; empty lets the daemon find one.
  package var advertisedHost: String
  /// Rings, one thread each.
  package var ringCount: Int
  /// Bytes of a page.
  package var pageSize: Int
  /// Tiers and volumes.
  package var tiers: TierPlan
  /// Time without a fault before a volume takes pages again.
  package var volumeProbation: Duration
  /// Time after which a volume whose device does not answer is out; zero waits for ever.
  package var volumeAnswerLimit: Duration
  /// Where a worker without disks keeps its memory across a planned restart; empty for nowhere.
  package var memorySaveDirectory: String
  /// Bytes of memory for checksums of each volume's large pages.
  package var checksumCacheSize: Int64
  /// Pages that are being written to volumes at once.
  package var pageWriteCountMax: Int
  /// Bytes of parts of uploads.
  package var uploadMemory: Int
  /// The mounts, the one at `/` among them.
  package var mounts: [MountSpecification]
  /// Settings of under file systems that were made, by name: the defaults of mount options.
  ///
  /// May hold credentials.
  package var mountDefaults: [String: String]
  /// The root mount's directory when nobody chose one: it is made if it is missing.
  package var defaultRoot: String?
  /// Port of the REST API; nil when it is off.
  package var rest: Endpoint?
  /// Port of objects by Alluxio path; nil when it is off.
  package var objects: Endpoint?
  /// Port of metrics and health.
  package var operations: Endpoint
  /// Limits of every port; the address is each port's own.
  package var http: HTTPServerOptions
  /// Settings of the read path.
  package var read: FileService.Options
  /// What configuration says of cache policies.
  package var policies: PolicySettings
  /// Bounds of requests to remote stores: the process's, and those of mounts that set none.
  package var flow: FlowLimits
  package var flowOptions: FlowOptions
  /// Files and shards that a load job may have in flight.
  package var loadOperationsMax: Int
  /// How much nicer than the rings that serve those for loads are.
  package var loadNiceness: Int
  /// Bytes of a shard.
  package var loadShardSize: Int64
  /// Page memory made resident ahead of need.
  package var memoryPreparation: MemoryPreparer.Options
  /// How long requests in flight may take after the signal to stop.
  package var shutdownTimeout: Duration
  /// Status of /v1/info for a missing path: auto, 500 or 404.
  package var missingInfoStatus: String
  /// What an operator ought to look at, though it works.
  package private(set) var warnings: [String] = []
  /// Whether the mount at `/` is the configuration's, not the command line's.
  package private(set) var isRootConfigured = false
  /// Whether a coordinator is to run in this process: /v1/load goes through it.
  package var hasCoordinator = false
  /// The domain socket; nil when there is none.
  var shortCircuit: ShortCircuitSettings?
  /// The worker's UUID when it is configured, and the file that keeps it otherwise.
  var identity: String
  var identityFile: String
  /// Jobs that may wait at that coordinator.
  var waitingJobCountMax: Int
  /// How the worker joins a coordinator in another process; nil when it does not.
  var link: CoordinatorLink.Options?

  /// The settings that `configuration` and the command line's `mounts` come to.
  ///
  /// - Throws: `.usage` for a mount out of form; `.configuration` for values that do not fit each other.
  package init(
    _ configuration: Configuration, mounts mountTexts: [String], machine: MachineMemory
  ) throws(StartError) {
    clusterName = configuration.string(.clusterName)
    workDirectory = configuration.string(.workDirectory)
    advertisedHost = configuration.string(.hostname)
    let asked = configuration.integer(.reactorCount)
    ringCount = asked == 0 ? machine.cpuCount : asked
    pageSize = Int(clamping: configuration.size(.pageSize))
    tiers = try TierPlan(configuration, memory: machine.bytes, pageSize: pageSize)
    pageWriteCountMax = configuration.integer(.pageWriteCountMax)
    waitingJobCountMax = configuration.integer(.waitingJobCountMax)
    volumeProbation = configuration.duration(.volumeProbation)
    checksumCacheSize = configuration.size(.checksumCacheSize)
    let saveDirectory = configuration.string(.memorySaveDirectory)
    memorySaveDirectory = tiers.disks.isEmpty ? saveDirectory : ""
    let limit = configuration.duration(.pageStoreTimeout)
    volumeAnswerLimit = limit > .zero ? limit : max(.zero, configuration.duration(.volumeTimeout))
    mounts = try Self.mounts(configuration, mountTexts)
    mountDefaults = Self.mountDefaults(configuration)
    uploadMemory = Int(clamping: configuration.size(.uploadMemory))
    let isRootChosen = ["alluxio.dora.client.ufs.root", "alluxio.master.mount.table.root.ufs"]
      .contains(where: configuration.isSet)
    let root = mounts.first { $0.alluxioPath == "/" }?.uri
    defaultRoot = isRootChosen || root != configuration.string(.rootUFS) ? nil : root
    let bind = configuration.string(.bindHost)
    let restEndpoint = Endpoint(
      host: bind, port: configuration.port(.rest), key: Configuration.PortKey.rest.rawValue)
    rest = configuration.boolean(.restEnabled) ? restEndpoint : nil
    let s3 = Endpoint(
      host: bind, port: configuration.port(.s3), key: Configuration.PortKey.s3.rawValue)
    objects = configuration.boolean(.s3Enabled) ? s3 : nil
    operations = Endpoint(
      host: configuration.string(.webBindHost), port: configuration.port(.web),
      key: Configuration.PortKey.web.rawValue)
    read = FileService.Options()
    read.statusValidity = configuration.duration(.ufsStatusValidity)
    read.readAheadMax = configuration.size(.readAheadMax)
    read.readAheadTaskCountMax = configuration.integer(.readAheadTaskCountMax)
    read.questionLimit = configuration.duration(.ufsQuestionDeadline)
    read.readLimit = configuration.duration(.ufsReadDeadline)
    read.loadLimit = configuration.duration(.ufsLoadDeadline)
    read.absenceValidity = configuration.duration(.ufsAbsenceValidity)
    read.listingEntryCountMax = configuration.integer(.listingEntryCountMax)
    read.listingBytesMax = Int(clamping: configuration.size(.listingCacheSize))
    let life = configuration.nanoseconds(.listingLifeMax)
    read.listingLifeMax = .nanoseconds(Int64(clamping: life))
    policies = PolicySettings(configuration)
    http = Self.limits(configuration)
    loadNiceness = configuration.integer(.loadNiceness)
    loadOperationsMax = configuration.integer(.loadThreadCountMax)
    loadShardSize = configuration.size(.loadPartitionSize)
    (flow, flowOptions) = Self.flow(configuration)
    memoryPreparation = MemoryPreparer.Options()
    memoryPreparation.reserve = configuration.size(.memoryReserve)
    memoryPreparation.bytesPerSecond = configuration.size(.memoryPrepareBandwidth)
    shutdownTimeout = configuration.duration(.shutdownTimeout)
    missingInfoStatus = configuration.choice(.missingStatus)
    shortCircuit = try ShortCircuitSettings(configuration)
    identity = configuration.string(.identityUUID)
    identityFile = workDirectory + "/worker_identity"
    link = Self.link(configuration)
    isRootConfigured = mounts.count > mountTexts.count
    warnings =
      cachesInSources + Self.secretsShown(mounts.suffix(mountTexts.count))
      + ShortCircuitSettings.warnings(configuration)
    if saveDirectory != memorySaveDirectory {
      let key = Configuration.StringKey.memorySaveDirectory.rawValue
      warnings.append(
        "\(key) is ignored: a worker with disks keeps its pages there; a memory.saved of an earlier start in \(saveDirectory) is not read"
      )
    }
  }

  /// Warnings of volumes that lie in the files of a mount: their bytes would be served, and loaded, as files.
  private var cachesInSources: [String] {
    mounts.flatMap { mount -> [String] in
      guard let root = try? UFSURI(parsing: mount.uri), root.scheme == "file" else { return [] }
      return tiers.disks.map(\.path).filter { lies(ufsPath: $0, in: "/\(root.path)") }.map {
        "the cache directory \($0) lies in the mount \(mount.alluxioPath) (\(mount.uri)): what is cached there can be read as its files by whoever reads the mount; move one of them"
      }
    }
  }

  /// Warnings of secrets among the options of mounts that the command line names.
  private static func secretsShown(_ mounts: ArraySlice<MountSpecification>) -> [String] {
    mounts.compactMap { mount in
      let names = mount.options.keys.filter {
        ConfigurationRegistry.standard.match($0)?.key.isSensitive == true
      }
      guard !names.isEmpty else { return nil }
      let options = names.sorted().map { "--mount \(mount.alluxioPath) \($0)" }
      return "\(ConfigurationWarning.secretsShown(options))"
    }
  }

  /// How to join the coordinator that is named; nil when none is.
  private static func link(_ configuration: Configuration) -> CoordinatorLink.Options? {
    let host = configuration.string(.coordinatorHostname)
    guard !host.isEmpty else { return nil }
    var link = CoordinatorLink.Options(
      target: "\(host):\(configuration.port(.coordinatorRPC))",
      web: HTTPOrigin(isSecure: false, host: host, port: configuration.port(.coordinatorWeb)),
      host: configuration.string(.hostname),
      bind: Endpoint(
        host: configuration.string(.bindHost), port: configuration.port(.rpc),
        key: Configuration.PortKey.rpc.rawValue),
      channel: RPCChannelOptions(configuration),
      keepalive: .worker(configuration))
    link.heartbeatInterval = configuration.duration(.workerHeartbeatInterval)
    link.tellsFiles = configuration.boolean(.registerStreamEnabled)
    link.batchSize = configuration.integer(.registerBatchSize)
    link.registerDeadline = configuration.duration(.registerDeadline)
    return link
  }

  private static func flow(_ configuration: Configuration) -> (FlowLimits, FlowOptions) {
    var (limits, options) = (FlowLimits(), FlowOptions())
    limits.countMax = configuration.integer(.loadThreadCountMax)
    limits.attemptCountMax = configuration.integer(.ufsAttemptCountMax)
    let hostCountMax = configuration.integer(.ufsHostRequestCountMax)
    options.hostCountMax = hostCountMax > 0 ? hostCountMax : nil
    let bandwidth = configuration.size(.ufsBandwidth)
    options.bandwidth = bandwidth > 0 ? bandwidth : nil
    let percentile = configuration.number(.ufsHedgePercentile)
    options.hedgePercentile = percentile > 0 ? percentile : nil
    return (limits, options)
  }

  private static func limits(_ configuration: Configuration) -> HTTPServerOptions {
    var options = HTTPServerOptions(address: .ip("0.0.0.0", port: 0))
    let headSize = min(max(64, configuration.size(.httpHeadSizeMax)), 1 << 20)
    options.headLimits = HTTPHeadLimits(sizeMax: Int(headSize))
    let bodySize = configuration.size(.httpBodySizeMax)
    options.bodySizeMax = bodySize > 0 ? bodySize : .max
    options.connectionCountMax = configuration.integer(.httpConnectionCountMax)
    options.idleTimeout = configuration.duration(.httpIdleTimeout)
    options.headTimeout = configuration.duration(.httpHeadTimeout)
    options.bodyTimeout = configuration.duration(.httpBodyTimeout)
    options.sendTimeout = options.bodyTimeout
    return options
  }

  private static func mounts(
    _ configuration: Configuration, _ texts: [String]
  ) throws(StartError) -> [MountSpecification] {
    var mounts: [MountSpecification] = []
    for text in texts {
      do throws(MountError) {
        mounts.append(try MountSpecification(parsing: text))
      } catch {
        throw StartError(.usage, "--mount: \(error)")
      }
    }
    if !mounts.contains(where: { $0.alluxioPath == "/" }) {
      let table = configuration.string(.mountTableRootUFS)
      let root = table.isEmpty ? configuration.string(.rootUFS) : table
      mounts.insert(
        MountSpecification(alluxioPath: "/", uri: root, options: rootOptions(configuration)), at: 0)
    }
    return mounts
  }

  /// The options of the mount at `/` in the style of 2.x.
  private static func rootOptions(_ configuration: Configuration) -> [String: String] {
    let prefix = "alluxio.master.mount.table.root.option."
    var options: [String: String] = [:]
    for setting in configuration.allSettings where setting.name.hasPrefix(prefix) {
      options[String(setting.name.dropFirst(prefix.count))] = setting.text
    }
    return options
  }

  /// What was set of the keys that mounts take as options, and where Hadoop's files are unless it was.
  package static func mountDefaults(_ configuration: Configuration) -> [String: String] {
    var defaults: [String: String] = [:]
    for setting in configuration.allSettings {
      let isMeant = [
        "alluxio.underfs.", "penstock.underfs.", "s3a.", "alluxio.security.login.username",
      ].contains { setting.name.hasPrefix($0) }
      let isAlwaysRead = setting.name == "alluxio.underfs.hdfs.configuration"
      if isMeant, setting.source != .default || isAlwaysRead {
        defaults[setting.name] = setting.text
      }
    }
    return defaults
  }
}

/// What the machine, or the container, offers.
package struct MachineMemory: Sendable {
  /// Bytes the process may use: of the machine or, if smaller, of its cgroup.
  package var bytes: Int64
  /// Whose limit that is, for messages.
  package var limit: String
  /// CPUs the process may run on.
  package var cpuCount: Int

  /// A machine of its parts.
  package init(bytes: Int64, limit: String, cpuCount: Int) {
    self.bytes = bytes
    self.limit = limit
    self.cpuCount = cpuCount
  }
}
