// What a worker is made of, before it opens a port.

import HTTPWire
import Model
import PageStore
import Ring
import Synchronization
import UFS

/// Threads, rings, memory and the read path of a worker.
final class WorkerParts: Sendable {
  let pool: BlockingPool
  /// All rings: those that serve, and as many for loads.
  let group: ReactorGroup
  /// The rings that serve clients.
  let serving: [Reactor]
  /// The rings for what nobody waits for: loads, promotion, eviction ahead of need, the scrubber.
  let loading: [Reactor]
  /// Decides when requests to remote stores go.
  let flow: FlowControl
  /// Connections to remote stores.
  let http: HTTPClient
  let store: PageStore
  let files: FileService
  let jobs: LoadJobs
  /// Runs the tasks of a coordinator.
  let tasks: TaskRunner
  /// What a coordinator is told of this worker.
  let inventory: WorkerInventory
  /// Paths that a coordinator has pinned.
  let pins: FollowedPins
  /// The coordinator in this process as soon as there is one, or the one that the worker joins.
  let jobService: JobServiceLink
  /// The machine as the worker found it.
  let topology: Topology
  let keeper: PolicyKeeper
  /// Page memory made resident ahead of need.
  let preparer: MemoryPreparer
  /// What an operator has to look at, found while the parts were made.
  let complaints: [String]
  /// Volumes, their health and the pages' moves between tiers.
  let tiers: TierKeeper
  /// What keeps memory across restarts.
  let memory: MemoryKeeper
  /// What to log of tiers.
  let tierWarnings: [String]
  let tierNotes: [String]
  /// Memory besides pages and their index, at most: see ``WorkerSettings/overhead``.
  let overhead: Int64
  /// True once the process obeys signals.
  let isStarted = Atomic<Bool>(false)
  /// True from the first signal to stop: the daemon is no longer ready.
  let isDraining = Atomic<Bool>(false)

  /// Whether the worker can do all that was asked of it: what /readyz says.
  var readiness: OperationsHandler.Readiness {
    if isDraining.load(ordering: .relaxed) { return .notReady("the worker is stopping") }
    guard isStarted.load(ordering: .relaxed) else { return .notReady("the worker is starting") }
    if jobService.isWaiting { return .notReady("the coordinator is starting") }
    return tiers.complaint.map { .notReady($0) } ?? .ready
  }

  /// Makes everything that can fail for want of a directory, memory or io_uring.
  init(_ settings: WorkerSettings, blockingThreadCount: Int) throws(StartError) {
    topology = Topology()
    overhead = settings.overhead
    let mounts: MountTable
    do throws(RingError) {
      pool = try BlockingPool(name: "blocking", threads: blockingThreadCount)
    } catch {
      throw StartError(.system, "threads cannot be started: \(error.sentence)")
    }
    do throws(MountError) {
      var options = HTTPClientOptions()
      // Flow control bounds the requests of all rings together; a ring of its own holds none of them up.
      options.connectionsPerOrigin = max(options.connectionsPerOrigin, settings.flow.countMax)
      http = HTTPClient(
        reactors: 2 * settings.ringCount,
        options: options, resolver: HostResolver(pool: pool))
      flow = FlowControl(limits: settings.flow)
      var environment = UFSEnvironment(pool: pool, http: http, flow: flow)
      environment.flowOptions = settings.flowOptions
      environment.settings = settings.mountDefaults
      environment.uploads = UploadMemory(limit: settings.uploadMemory)
      mounts = try MountTable(opening: settings.mounts, in: environment)
    } catch {
      throw StartError(Self.code(of: error, settings), "\(error)")
    }
    let tiers = try OpenedTiers(settings, topology)
    store = tiers.store
    preparer = MemoryPreparer(store, pool: pool, options: settings.memoryPreparation)
    (tierWarnings, tierNotes) = (settings.warnings + tiers.warnings, tiers.notes)
    self.tiers = try TierKeeper(tiers, settings)
    if !settings.memorySaveDirectory.isEmpty {
      try WorkDirectory.make(
        settings.memorySaveDirectory,
        key: Configuration.StringKey.memorySaveDirectory.rawValue)
    }
    memory = MemoryKeeper(store, directory: settings.memorySaveDirectory)
    // Before the rings: a filter that cannot be used ends the start with nothing to be taken down.
    let opened = try OpenedPolicies(
      settings.policies, workDirectory: settings.workDirectory, store: store,
      keepsPages: !tiers.volumes.isEmpty || !settings.memorySaveDirectory.isEmpty,
      answerLimit: settings.volumeAnswerLimit)
    keeper = opened.keeper
    complaints = opened.complaints
    group = try Self.startRings(settings, topology)
    serving = Array(group.reactors[..<settings.ringCount])
    loading = Array(group.reactors[settings.ringCount...])
    for reactor in group.reactors { reactor.wait { [store] in reactor.attach(store.arenas) } }
    files = FileService(
      mounts: mounts, store: store, reactors: group.reactors, options: settings.read,
      policies: opened.policies)
    var limits = LoadLimits()
    limits.concurrency = max(1, settings.loadOperationsMax)
    limits.rangeBytes = settings.loadShardSize
    let source = FilesLoadSource(files: files, pool: pool)
    jobs = LoadJobs(source: source, executors: loading, limits: limits)
    tasks = TaskRunner(
      source: source, frees: files, transfers: files, executors: loading, limits: limits)
    inventory = WorkerInventory(files.policies)
    pins = FollowedPins(
      file: settings.workDirectory + "/followed_pins.json", policies: files.policies,
      on: serving[0])
    if let link = settings.link, !settings.hasCoordinator {
      jobService = JobServiceLink(to: RemoteJobService(http, link.web))
    } else {
      jobService = JobServiceLink(isExpected: settings.hasCoordinator)
    }
  }

  /// The exit code of a mount that cannot be had: a folder's, else that of whoever wrote the mount.
  private static func code(of error: MountError, _ settings: WorkerSettings) -> StartError.Code {
    switch error.problem {
    case .missingDirectory, .notDirectory, .unreadable: .directory
    case .badHadoopSetting, .missingRoot: .configuration
    case .malformed, .malformedOption, .badPath, .badURI, .unsupportedScheme, .unknownOption,
      .duplicateOption, .badOption, .duplicatePath, .overlap, .sameBucket:
      settings.isRootConfigured && error.mount.utf8.elementsEqual("/".utf8)
        ? .configuration : .usage
    }
  }

  private static func startRings(
    _ settings: WorkerSettings, _ topology: Topology
  ) throws(StartError) -> ReactorGroup {
    let serving = topology.ringPlaces(count: settings.ringCount).map {
      Reactor.Options(cpu: $0.cpu, node: $0.node)
    }
    // One for loads beside each, on the same CPU: live reads come before loads.
    let loading = serving.map { place in
      var options = place
      options.name = "load-ring"
      options.duty = .background(niceness: settings.loadNiceness)
      return options
    }
    do throws(RingError) {
      return try ReactorGroup(serving + loading)
    } catch  where error.code == .unavailable {
      throw StartError(
        .configuration,
        "io_uring cannot be used (\(error.sentence)): run on Linux 6.1 or newer, with sysctl kernel.io_uring_disabled=0 and a seccomp profile that allows io_uring_setup, io_uring_enter and io_uring_register"
      )
    } catch {
      throw StartError(.system, "the rings cannot be started: \(error.sentence)")
    }
  }
}
