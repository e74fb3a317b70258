// What can go wrong between us and an under file system. "Not found" is said only when the UFS itself said it: a question
// that could not be asked is `.unavailable` or `.io`, because a client that hears "not found" acts on it.

import Glibc
package import HTTPWire
package import Model
import Ring

/// A failed UFS operation: what, on which path, and why.
package struct UFSError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is; numbers are wire codes (3xxx) and never change.
  package enum Code: UInt16, Sendable, CaseIterable {
    /// The UFS says that nothing is there.
    case notFound = 3001
    /// The UFS refuses this caller, or the mount is read-only.
    case denied = 3002
    /// The path leaves its mount, or lies in no mount.
    case escapesMount = 3003
    /// The UFS could not be asked, or lacks a resource for the moment.
    case unavailable = 3004
    /// The UFS asks us to slow down.
    case throttled = 3005
    /// The file is no longer the version that was asked for, or changed while it was read.
    case changed = 3006
    /// Something is there already.
    case exists = 3007
    /// The directory is not empty.
    case notEmpty = 3008
    /// A file was needed and a directory is there.
    case isDirectory = 3009
    /// A directory was needed and something else is there.
    case notDirectory = 3010
    /// No space, no quota or no inode is left.
    case noSpace = 3011
    /// The path or argument cannot be right on this UFS.
    case invalid = 3012
    /// This UFS, or this kind of file, cannot do that.
    case unsupported = 3013
    /// The storage failed.
    case io = 3014
  }

  /// What is behind a failure.
  package enum Cause: Sendable, Equatable {
    /// The kernel's errno.
    case errno(Int32)
    /// A rule of ours that the request broke.
    case rule(PathRule)
    /// An HTTP status of a remote store.
    case status(UInt16)
    /// Flow control did not let the request through.
    case flow(FlowRefusal)
    /// What an HDFS node said: a Java exception's class and first line.
    case hdfs(exception: String)
    /// A request that got no whole answer.
    case http(HTTPClientError)
    /// A remote store's own word for why, with the HTTP status it came with; status 0 is a finding of ours.
    case store(status: UInt16, code: String)
  }

  /// The kind of failure.
  package let code: Code
  /// The operation, such as `ufs.open`.
  package let operation: StaticString
  /// The UFS path or Alluxio path it is about, as far as known.
  package let path: String
  /// What is behind it.
  package let cause: Cause

  /// An error of its parts.
  package init(_ code: Code, operation: StaticString, path: String, cause: Cause) {
    self.code = code
    self.operation = operation
    self.path = path
    self.cause = cause
  }

  /// Whether the same request may succeed later.
  ///
  /// `.changed` is `.never`: the request names a version that is gone; ask for the status and open anew.
  package var retry: RetryAdvice {
    switch code {
    case .unavailable: .after(.milliseconds(100))
    case .throttled: .after(.seconds(1))
    case .notFound, .denied, .escapesMount, .changed, .exists, .notEmpty, .isDirectory,
      .notDirectory, .noSpace, .invalid, .unsupported, .io:
      .never
    }
  }

  package static func == (left: UFSError, right: UFSError) -> Bool {
    left.code == right.code && left.cause == right.cause && left.path == right.path
      && left.operation.description == right.operation.description
  }

  package var description: String { path.isEmpty ? reason : "\(path): \(reason)" }

  /// The failure without its path, for lines that begin with that.
  package var reason: String {
    // The kernel's own words for it are the same again.
    if code == .notFound, case .errno(ENOENT) = cause { return remedied(code.words) }
    let why =
      switch cause {
      case .errno(let number): "\(errnoText(number)) (errno \(number))"
      case .rule(let rule): rule.description
      case .status(let status): "status \(status)"
      case .flow(let refusal): refusal.description
      case .hdfs(let exception): exception
      case .http(let error): error.description
      case .store(0, let code): code
      case .store(let status, let code):
        "status \(status) \(code.isEmpty ? "without a code" : code)"
      }
    return remedied("\(code.words): \(why)")
  }

  private func remedied(_ text: String) -> String { remedy.map { "\(text); \($0)" } ?? text }
}

extension UFSError.Code {
  /// The kind of failure in words for people.
  fileprivate var words: String {
    switch self {
    case .notFound: "no such file or directory"
    case .denied: "refused"
    case .escapesMount: "not inside a mount"
    case .unavailable: "not available now"
    case .throttled: "too many requests"
    case .changed: "changed"
    case .exists: "exists already"
    case .notEmpty: "not empty"
    case .isDirectory: "is a directory"
    case .notDirectory: "is not a directory"
    case .noSpace: "no space is left"
    case .invalid: "not valid"
    case .unsupported: "not supported"
    case .io: "failed"
    }
  }
}
