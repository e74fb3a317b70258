// Status and listings.

import HTTPWire
import LocalWire

extension Client {
  /// Asks the worker of this host whether it is there, and waits for its answer; `path` says which, if there are several.
  ///
  /// - Throws: `unavailable` when none can be seen, or why it cannot be asked.
  public func ping(_ path: String = "/") throws(ClientError) {
    try check()
    let deadline = Patience.deadline(in: options.retryBudget)
    let answer = try Patience.until(deadline) { () throws(ClientError) in
      guard let connection = try link.connection(for: path) else { throw noWay(path) }
      return unsafe try connection.call(.ping, LocalTicket("ping"))
    }
    guard case .frame(.pong) = answer else { throw .broken("another answer than PONG") }
  }

  /// What is at `path`.
  public func status(_ path: String) throws(ClientError) -> ClientStatus {
    try Self.check(path)
    return try patiently { () throws(ClientError) in
      try check()
      return try statusOnce(path)
    }
  }

  private func statusOnce(_ path: String) throws(ClientError) -> ClientStatus {
    var failure: ClientError?
    do throws(ClientError) {
      if let (_, opened, _) = try openedInTime(path, isStatusOnly: true) {
        return ClientStatus(opened, path: path)
      }
    } catch {
      guard error.isOfTheWay else { throw error }
      failure = error
    }
    do throws(ClientError) {
      if let status = try networkStatus(path, nil) { return status }
    } catch {
      guard error.isOfTheWay else { throw error }
      failure = error
    }
    return try fromUFS(path, failure, UFSFile.status)
  }

  /// What is in the directory at `path`; a file lists itself.
  ///
  /// Asks a worker over the network, or the under file system: the domain socket does not list.
  public func list(_ path: String) throws(ClientError) -> [ClientStatus] {
    try Self.check(path)
    return try patiently { () throws(ClientError) in
      try check()
      return try listOnce(path)
    }
  }

  private func listOnce(_ path: String) throws(ClientError) -> [ClientStatus] {
    var failure: ClientError?
    if directory.isPossible {
      do throws(ClientError) {
        return try onNetwork(path) { (worker) throws(ClientError) in
          let target = "/v1/files?path=\(PercentCoding.encode(path: path))"
          guard let list = JSONList.objects(try worker.text(target, thing: path)) else {
            throw .broken("the listing is no list")
          }
          return list.compactMap { ClientStatus($0) }
        }
      } catch {
        guard error.isOfTheWay else { throw error }
        failure = error
      }
    }
    return try fromUFS(
      path,
      failure
        ?? ClientError(
          .unsupported, path, "the domain socket does not list", "name a worker with workers="),
      UFSFile.list)
  }

  private func fromUFS<T>(
    _ path: String, _ failure: ClientError?, _ ask: (String) throws(ClientError) -> T
  ) throws(ClientError) -> T {
    guard options.isUFSAllowed, let ufsPath = ufsPath(of: path, nil) else {
      throw failure ?? noWay(path)
    }
    do throws(ClientError) {
      return try ask(ufsPath)
    } catch {
      throw error.code == .unsupported ? failure ?? error : error
    }
  }
}
