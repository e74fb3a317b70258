// A directory of a Hadoop cluster as a UFS.
//
//   HDFSUFS ─ HDFSCluster (name nodes, user, options; all rings)
//      └ HDFSRing per reactor ─ NameNodes: calls of the client protocol        over one connection per name node
//                             └ DataNodes: block reads and pipelines           over connections kept for a moment
//
// Native Hadoop RPC and data transfer, without authentication but the user's name (docs/adr/0011).

import Model
import Ring

import Synchronization

/// A directory of an HDFS cluster.
package final class HDFSUFS: UnderFileSystem {
  package let rootURI: String
  /// The root's absolute path at the name node, without a slash at its end.
  let rootPath: String
  let cluster: HDFSCluster
  private let rings = Mutex<[ObjectIdentifier: HDFSRing]>([:])

  /// The directory `uri` of `cluster`.
  package init(uri: UFSURI, cluster: HDFSCluster) {
    rootURI = uri.description
    rootPath = uri.path.isEmpty ? "" : "/" + uri.path
    self.cluster = cluster
  }

  package var capabilities: UFSCapabilities {
    cluster.options.isReadOnly
      ? [.directories, .versionsNameFiles]
      : [.write, .rename, .directories, .versionsNameFiles]
  }

  package func validate(_ path: String) throws(UFSError) { try check(path, "ufs.path") }

  // MARK: Shared by the operations

  /// What the calling ring has of the cluster.
  var ring: HDFSRing {
    guard let reactor = Reactor.current else {
      preconditionFailure("a UFS is used on a reactor's thread")
    }
    return rings.withLock { rings in
      if let ring = rings[ObjectIdentifier(reactor)] { return ring }
      let ring = HDFSRing(cluster, reactor)
      rings[ObjectIdentifier(reactor)] = ring
      return ring
    }
  }

  /// The absolute path at the name node.
  func remotePath(_ path: String) -> String {
    if path.isEmpty { return rootPath.isEmpty ? "/" : rootPath }
    return "\(rootPath)/\(path)"
  }

  /// Throws unless `path` keeps the rules.
  func check(_ path: String, _ operation: StaticString) throws(UFSError) {
    guard let rule = LocalPath.brokenRule(path) else { return }
    throw self.rule(rule == .dotDot ? .escapesMount : .invalid, operation, path, rule)
  }

  /// As `check`, for operations that change what is at `path`.
  func checkChange(_ path: String, _ operation: StaticString) throws(UFSError) {
    try check(path, operation)
    if cluster.options.isReadOnly { throw rule(.denied, operation, path, .readOnlyMount) }
  }

  /// The error for a broken rule.
  func rule(
    _ code: UFSError.Code, _ operation: StaticString, _ path: String, _ rule: PathRule
  ) -> UFSError {
    UFSError(code, operation: operation, path: ufsPath(of: path), rule: rule)
  }

  /// Asks the cluster and names `path` when it fails.
  func ask<T>(
    _ operation: StaticString, _ path: String, _ body: (HDFSRing) async throws(HDFSFailure) -> T
  ) async throws(UFSError) -> T {
    do throws(HDFSFailure) { return try await body(ring) } catch {
      throw UFSError(error, operation: operation, path: ufsPath(of: path))
    }
  }

  /// What is at `path`; nil when nothing is, or when something above it is a file.
  func find(
    _ path: String, _ operation: StaticString, for purpose: UFSPurpose = .demand
  ) async throws(UFSError) -> HDFSStatus? {
    do throws(UFSError) {
      return try await ask(operation, path) { ring throws(HDFSFailure) in
        try await ring.nameNodes.status(remotePath(path), for: purpose)
      }
    } catch  where error.code == .notDirectory || error.code == .notFound {
      return nil
    }
  }

  /// The public status; nil for a link.
  func fileStatus(_ status: HDFSStatus, _ path: String) -> FileStatus? {
    guard status.kind != .link else { return nil }
    let isFile = status.kind == .file
    return FileStatus(
      ufsPath: ufsPath(of: path), kind: isFile ? .file : .directory,
      length: isFile ? status.length : 0,
      modificationTime: Self.nanoseconds(status.modificationTime),
      accessTime: Self.nanoseconds(status.accessTime), owner: status.owner, group: status.group,
      mode: status.mode, version: isFile ? HDFSVersion.version(of: status) : nil)
  }

  private static func nanoseconds(_ milliseconds: Int64) -> Int64 {
    let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    return overflow ? .max : product
  }
}
