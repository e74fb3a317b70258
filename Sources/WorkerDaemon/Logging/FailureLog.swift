// Failures of sources in the log: the first of a kind at once, then one line per half minute that counts the others.

import Glibc
import HTTPWire
import Logging
import Model
import Ring
import UFS

/// Says which failures are worth a line, by mount and cause.
package final class FailureLog: Sendable {
  /// Nanoseconds between two lines of a kind.
  static let interval: UInt64 = 30_000_000_000

  private let log = Logger(label: "sources")
  private let mounts: MountTable
  private let limit = LineLimit(interval: FailureLog.interval)

  /// A log for the sources of `mounts`.
  init(mounts: MountTable) { self.mounts = mounts }

  /// Whether a failure of the kind `word` is told at `now`.
  func turn(of word: String, now: UInt64) -> LineLimit.Turn { limit.turn(of: word, now: now) }

  /// The kind of `error`: its mount, and its cause without what differs from file to file.
  func word(of error: UFSError) -> String { "\(mount(of: error.path)) \(error.kindWord)" }

  /// Logs that a response to `exchange` was cut after `sent` of `count` bytes, because of `error`.
  func reportCut(
    _ record: FileRecord, _ error: UFSError, sent: Int64, of count: Int64,
    _ exchange: HTTPExchange
  ) {
    guard !exchange.hasLeft, !error.isCancelled else { return }
    let kind = "cut \(record.place.mount.alluxioPath) \(error.kindWord)"
    guard case .tell(let suppressed) = turn(of: kind, now: exchange.reactor.now) else { return }
    var metadata: Logger.Metadata = [
      "id": "\(RequestLog.id(of: exchange))", "peer": "\(exchange.peerAddress)",
      "path": "\(record.status.ufsPath)",
    ]
    if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
    log.warning("response cut after \(sent) of \(count) bytes: \(error)", metadata: metadata)
  }

  /// The Alluxio path of the mount that `path` lies in; empty for none.
  private func mount(of path: String) -> String {
    do throws(UFSError) {
      let isAlluxioPath = path.utf8.first == UInt8(ascii: "/")
      let place =
        isAlluxioPath ? try mounts.locate(alluxioPath: path) : try mounts.locate(ufsPath: path)
      return place.mount.alluxioPath
    } catch { return "" }
  }
}

extension UFSError {
  /// Whether an operator should hear of it: the source fails or refuses us, and no client can help that.
  var concernsOperators: Bool {
    switch code {
    case .unavailable, .throttled, .noSpace, .io, .changed: !isCancelled
    case .denied: if case .rule = cause { false } else { true }
    case .notFound, .escapesMount, .exists, .notEmpty, .isDirectory, .notDirectory, .invalid,
      .unsupported:
      false
    }
  }

  /// Whether somebody gave it up who no longer wanted it.
  var isCancelled: Bool { isGivenUp }

  /// Code and cause in few words that are the same for all files.
  var kindWord: String {
    let cause =
      switch cause {
      case .errno(let number): "errno \(number)"
      case .rule: "rule"
      case .status(let status): "\(status)"
      case .flow(let refusal): "\(refusal.reason)"
      case .hdfs(let exception): String(exception.prefix { $0 != ":" })
      case .http(let error): "\(error.code)"
      case .store(let status, let word): "\(status) \(word.prefix { $0 != ":" })"
      }
    return "\(code) \(cause)"
  }
}
