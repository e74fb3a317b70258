// The client library: files of the cluster, read the shortest way there is.
//
//   open ─▶ worker of this host (domain socket) ─▶ worker of the path (network) ─▶ under file system, if allowed
//
// Each way is tried in turn when the one before cannot be gone; a file that is not there is not looked for elsewhere. All
// calls block, and any thread may make them.

import HTTPWire
import LocalWire
import Ring
import Synchronization

/// A client.
public final class Client: Sendable {
  /// What it was told.
  public let options: ClientOptions
  let counters = ClientCounters()
  let link: LocalLink
  let directory: WorkerDirectory
  private let born = ForkGeneration.now
  private let isClosed = Atomic<Bool>(false)

  /// A client with `options`; connections are made when they are needed.
  ///
  /// - Throws: `invalid` when the options lead to no way to any byte.
  public init(_ options: ClientOptions) throws(ClientError) {
    self.options = options
    link = LocalLink(options, counters)
    directory = WorkerDirectory(options)
    guard link.isPossible || directory.isPossible || options.isUFSAllowed else {
      throw ClientError(
        .invalid, "settings", "name neither a socket nor a worker nor a coordinator",
        "give socket=, socket_dir=, workers= or coordinator=")
    }
  }

  deinit { close() }

  /// Ends all connections; open files fail from then on.
  public func close() {
    guard !isClosed.exchange(true, ordering: .relaxed) else { return }
    link.close()
  }

  /// What was done so far.
  public var statistics: ClientStatistics { counters.values }

  /// Whether `check` would pass.
  @inline(__always)
  var isReady: Bool { ForkGeneration.isSame(born) && !isClosed.load(ordering: .relaxed) }

  func check() throws(ClientError) {
    guard ForkGeneration.isSame(born) else {
      throw ClientError(
        .forked, "client", "was made before this process was forked", "make another in the child")
    }
    guard !isClosed.load(ordering: .relaxed) else {
      throw ClientError(.closed, "client", "was closed")
    }
  }

  /// Opens the file at `path`, an Alluxio path or one of the under file system with its scheme.
  public func open(_ path: String) throws(ClientError) -> ClientFile {
    let (status, way) = try open(path, withStatus: nil)
    return ClientFile(self, path: path, status, way)
  }

  /// Opens `path` in whichever way is there; with `known`, only at that version.
  func open(
    _ path: String, withStatus known: ClientStatus?
  ) throws(ClientError) -> (ClientStatus, FileWay) {
    try Self.check(path)
    return try patiently { () throws(ClientError) in
      try check()
      let found = try openOnce(path, known)
      guard known == nil || found.0.entityTag == known?.entityTag else {
        throw ClientError(LocalCode.changed, path)
      }
      guard !found.0.isDirectory else {
        throw ClientError(.isDirectory, path, "is a directory", "list it")
      }
      return found
    }
  }

  private func openOnce(
    _ path: String, _ known: ClientStatus?
  ) throws(ClientError) -> (ClientStatus, FileWay) {
    var failure: ClientError?
    do throws(ClientError) {
      if let (connection, opened, pages) = try openedInTime(path, isStatusOnly: false) {
        let status = ClientStatus(opened, path: path)
        if opened.isDirectory { return (status, .directory) }
        let file = try LocalFile(connection, path: path, opened)
        try file.takeFirst(pages)
        return (status, .local(file))
      }
    } catch {
      guard error.isOfTheWay else { throw error }
      failure = error
      counters.addFallback()
    }
    do throws(ClientError) {
      if let status = try networkStatus(path, known) { return (status, .network) }
    } catch {
      guard error.isOfTheWay else { throw error }
      failure = error
    }
    guard options.isUFSAllowed, let ufsPath = ufsPath(of: path, known) else {
      throw failure ?? noWay(path)
    }
    do throws(ClientError) {
      let file = try UFSFile(ufsPath)
      return (file.status, .ufs(file))
    } catch {
      throw error.code == .unsupported ? failure ?? error : error
    }
  }

  func noWay(_ path: String) -> ClientError {
    // A worker of this host may come; one that nobody named never does.
    ClientError(
      link.isPossible || directory.isPossible ? .unavailable : .invalid, path,
      "there is no worker of this host, and none is named",
      link.isPossible
        ? "is the worker running? \(options.socketAddress) shows no socket of one"
        : "give socket=, socket_dir=, workers= or coordinator=")
  }

  /// As `opened`, with time left where there is another way.
  func openedInTime(
    _ path: String, isStatusOnly: Bool
  ) throws(ClientError) -> (LocalConnection, OpenedFrame, [LeasedPage])? {
    guard directory.isPossible || options.isUFSAllowed else {
      return try opened(path, isStatusOnly: isStatusOnly)
    }
    return try Patience.leavingTime { () throws(ClientError) in
      try opened(path, isStatusOnly: isStatusOnly)
    }
  }

  /// What the worker of this host says of `path`; nil when none can be seen.
  func opened(
    _ path: String, isStatusOnly: Bool
  ) throws(ClientError) -> (LocalConnection, OpenedFrame, [LeasedPage])? {
    let kind: OpenFrame.PathKind = path.hasPrefix("/") ? .alluxio : .ufs
    // The first page comes along: most files are read from their beginning, and many have no other.
    let isLeasing = options.isLeasing && !isStatusOnly
    let frame = ClientFrame.open(
      OpenFrame(path, kind: kind, isStatusOnly: isStatusOnly, isLeasing: isLeasing))
    let ticket = unsafe LocalTicket(path, isOpening: true)
    var isSent = false
    guard
      let connection = try link.connection(for: path, first: (frame, ticket), isSent: &isSent)
    else { return nil }
    let answer = try isSent ? connection.wait(for: ticket) : connection.call(frame, ticket)
    guard case .frame(.opened(let opened)) = answer else {
      throw .broken("another answer than OPENED")
    }
    return (connection, opened, ticket.pages)
  }

  /// What a worker of the network says of `path`, by the ring; nil when none is known.
  func networkStatus(
    _ path: String, _ known: ClientStatus?
  ) throws(ClientError) -> ClientStatus? {
    guard directory.isPossible else { return nil }
    let key = known?.ufsPath.isEmpty == false ? known?.ufsPath ?? path : path
    return try onNetwork(key) { (worker) throws(ClientError) in
      try Self.status(path, of: worker)
    }
  }

  private static func status(
    _ path: String, of worker: NetworkWorker
  ) throws(ClientError) -> ClientStatus {
    let answer = try worker.answer("/v1/info?path=\(PercentCoding.encode(path: path))")
    if let error = answer.error(path) {
      // Older clients expect 500 for what is missing; a listing says 404 to all.
      guard answer.status == 500 else { throw error }
      let list = try worker.text("/v1/files?path=\(PercentCoding.encode(path: path))", thing: path)
      throw list.isEmpty ? ClientError.broken("an empty listing") : error
    }
    guard let object = JSONList.objects(answer.body)?.first, let status = ClientStatus(object)
    else {
      throw .broken("no status in the answer")
    }
    return status
  }

  /// Runs `body` with the workers of `key` in turn until one can be asked; each leaves the others their share of the time.
  func onNetwork<T>(
    _ key: String, _ body: (NetworkWorker) throws(ClientError) -> T
  ) throws(ClientError) -> T {
    let (workers, deadline) = (try directory.workers(for: key, count: 3), Patience.deadline)
    var failure: ClientError?
    for (number, worker) in workers.enumerated() {
      let others = workers.count - number - 1 + (options.isUFSAllowed ? 1 : 0)
      do throws(ClientError) {
        return try Patience.sharing(with: others) { () throws(ClientError) in try body(worker) }
      } catch {
        guard error.isOfTheWay else { throw error }
        failure = Patience.reason(error, after: failure, until: deadline)
      }
      guard monotonicNow() < deadline else { break }
    }
    throw failure
      ?? ClientError(
        .unavailable, key, "no worker is known", "is the coordinator running, with workers?")
  }

  /// The path in the under file system, if the client knows it.
  func ufsPath(of path: String, _ known: ClientStatus?) -> String? {
    if !path.hasPrefix("/") { return path }
    if let known, !known.ufsPath.isEmpty { return known.ufsPath }
    for root in options.roots where path.utf8.starts(with: root.path.utf8) {
      let rest = path.utf8.dropFirst(root.path.utf8.count)
      if rest.isEmpty || rest.first == UInt8(ascii: "/") || root.path == "/" {
        return root.ufsPath + (root.path == "/" ? "/" : "") + String(Substring(rest))
      }
    }
    return nil
  }

  /// Runs `body` again after temporary failures, as long as there is time.
  func patiently<T>(_ body: () throws(ClientError) -> T) throws(ClientError) -> T {
    let deadline = Patience.deadline(in: options.retryBudget)
    return try Patience.until(deadline) { () throws(ClientError) in
      var pause = RetryPause(options, until: deadline)
      var earlier: ClientError?
      while true {
        do throws(ClientError) {
          return try body()
        } catch {
          guard error.isTemporary, pause.wait(after: error) else {
            throw Patience.reason(error, after: earlier, until: deadline)
          }
          earlier = error
          counters.addRetry()
        }
      }
    }
  }

  static func check(_ path: String) throws(ClientError) {
    let bytes = path.utf8
    guard !bytes.isEmpty, bytes.count <= OpenFrame.pathSizeMax, !bytes.contains(0) else {
      throw ClientError(.invalid, "path", "has \(bytes.count) bytes, or a NUL among them")
    }
  }
}
