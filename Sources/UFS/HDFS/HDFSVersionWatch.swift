// Whether a file still is the version that its bytes were read for.
//
//   bytes arrive ─▶ was the status asked for less than 20 ms ago? yes: theirs still
//                                                                 no: ask, once for all who wait

import Model
import Ring

/// Looks at a file's status after reads, as rarely as is safe.
///
/// Ring-confined.
final class HDFSVersionWatch {
  /// One question, shared by all who wait for its answer.
  @safe private final class Question {
    let asked: UInt64
    var answer: Result<Void, UFSError>?
    var waiters: [UnsafeContinuation<Void, Never>] = unsafe []

    init(asked: UInt64) { self.asked = asked }

    func wait() async throws(UFSError) {
      if answer == nil { await unsafe withUnsafeContinuation { unsafe waiters.append($0) } }
      try answer?.get()
    }

    func settle(_ answer: Result<Void, UFSError>) {
      self.answer = answer
      let all = unsafe waiters
      unsafe waiters = unsafe []
      unsafe all.forEach { unsafe $0.resume() }
    }
  }

  private let fileSystem: HDFSUFS
  private let ring: HDFSRing
  private let path: String
  private let version: FileVersion
  private let lifetime: UInt64
  private let purpose: UFSPurpose
  /// When the latest status that said `version` was asked for.
  private var checked: UInt64
  private var question: Question?

  /// A watch over `path`, whose status said `version` when asked at `checked`.
  init(
    _ fileSystem: HDFSUFS, _ ring: HDFSRing, _ path: String, _ version: FileVersion,
    checked: UInt64, for purpose: UFSPurpose
  ) {
    self.purpose = purpose
    self.fileSystem = fileSystem
    self.ring = ring
    self.path = path
    self.version = version
    self.checked = checked
    lifetime = ring.cluster.options.versionTime.nanoseconds
  }

  /// Returns when bytes that arrived at `arrived` are known to be those of the version.
  ///
  /// - Throws: `.changed` when they may not be; `.unavailable` when nobody can tell.
  func check(arrived: UInt64) async throws(UFSError) {
    if isFresh(checked, arrived) { return }
    if let question, isFresh(question.asked, arrived) { return try await question.wait() }
    let own = Question(asked: ring.now)
    question = own
    do throws(UFSError) {
      try await ask()
      checked = max(checked, own.asked)
      own.settle(.success(()))
    } catch {
      own.settle(.failure(error))
      throw error
    }
  }

  private func isFresh(_ asked: UInt64, _ arrived: UInt64) -> Bool {
    arrived <= asked || arrived - asked < lifetime
  }

  private func ask() async throws(UFSError) {
    let status: HDFSStatus?
    do throws(HDFSFailure) {
      status = try await ring.nameNodes.status(fileSystem.remotePath(path), for: purpose)
    } catch {
      throw UFSError(error, operation: "ufs.read", path: fileSystem.ufsPath(of: path))
    }
    guard let status, status.kind == .file, HDFSVersion.version(of: status) == version else {
      throw fileSystem.rule(.changed, "ufs.read", path, .otherVersion)
    }
  }
}
