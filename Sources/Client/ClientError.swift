// What goes wrong in a client: each error names the thing, what happened, and what to do about it.

import LocalWire

/// A failure of the client library.
public struct ClientError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong; the numbers are those of the C interface.
  public enum Code: Int32, Sendable, CaseIterable {
    /// An argument or setting that cannot be used.
    case invalid = 1
    /// The under file system says that it is not there.
    case notFound = 2
    /// The file is no longer the version that was opened.
    case changed = 3
    /// Nobody could be asked, or nobody answered in time.
    case unavailable = 4
    /// The under file system denied it.
    case refused = 5
    /// The worker does not let this user connect.
    case denied = 6
    /// Another cluster or worker than the one that is meant, or no common version.
    case mismatch = 7
    /// The other side broke the protocol.
    case protocolBroken = 8
    /// Too many connections, handles, requests or leases.
    case tooMany = 9
    /// The client or file was closed.
    case closed = 10
    /// The client was made before this process was forked.
    case forked = 11
    /// A directory where a file is needed.
    case isDirectory = 12
    /// A call of the system failed.
    case system = 13
    /// No way to the bytes that this client can go.
    case unsupported = 14
    /// A view outlived its lease.
    case leaseEnded = 15
  }

  /// What is wrong.
  public let code: Code
  /// The path, address, setting or call that it is about.
  public let thing: String
  /// What happened, in a few words.
  public let reason: String
  /// What whoever reads this can do; may be empty.
  public let remedy: String
  /// Milliseconds after which the other side asked to be asked again; 0 when it did not say.
  public let retryAfter: UInt32

  init(_ code: Code, _ thing: String, _ reason: String, _ remedy: String = "", after: UInt32 = 0) {
    self.code = code
    self.thing = thing
    self.reason = reason
    self.remedy = remedy
    retryAfter = after
  }

  /// What went wrong, with what, and what to do about it.
  public var description: String {
    "\(thing): \(reason)" + (remedy.isEmpty ? "" : " (\(remedy))") + " [penstock.\(code)]"
  }

  /// Whether the same request may succeed later, or elsewhere.
  public var isTemporary: Bool {
    switch code {
    case .unavailable, .tooMany, .protocolBroken: true
    default: false
    }
  }

  /// Whether another way to the same bytes may succeed where this one failed.
  var isOfTheWay: Bool {
    switch code {
    case .unavailable, .tooMany, .protocolBroken, .denied, .mismatch, .system, .unsupported: true
    default: false
    }
  }
}

extension ClientError {
  /// The other side said what it may not.
  static func broken(_ what: String) -> ClientError {
    ClientError(
      .protocolBroken, "worker", "broke the protocol: \(what)",
      "the connection was closed; are client and worker of the same version?")
  }

  /// The worker at `thing`, which has a connection, said nothing for `time` nanoseconds.
  static func silent(_ thing: String, for time: UInt64) -> ClientError {
    ClientError(
      .unavailable, thing, "the worker did not answer for \(text(of: time))",
      "is it stopped, or busy beyond measure? Its log and the machine's load say more")
  }

  /// The worker at the other end answers, but not what was asked about `thing`, for `time` nanoseconds.
  static func unanswered(_ thing: String, for time: UInt64) -> ClientError {
    ClientError(
      .unavailable, thing, "the worker has not answered this for \(text(of: time))",
      "it answers others: is the under file system slow? Its log says more")
  }

  private static func text(of time: UInt64) -> String {
    time < 10_000_000_000
      ? "\(max(1, time / 1_000_000)) ms" : "\(time / 1_000_000_000) s"
  }

  /// A call of the system failed with `errno`.
  static func system(_ call: String, _ errno: Int32) -> ClientError {
    ClientError(.system, call, systemText(errno))
  }

  /// What an ERROR frame, or a page's code, says about `thing`.
  init(_ code: LocalCode, _ thing: String, _ message: String = "", after: UInt32 = 0) {
    let kind: (Code, String, String) =
      switch code {
      case .protocolBroken:
        (.protocolBroken, "the worker refused a frame", "client and worker of different versions?")
      case .denied:
        (
          .denied, "the worker does not let this user connect",
          "add the user to penstock.worker.short.circuit.allowed.users, or read over the network"
        )
      case .mismatch:
        (
          .mismatch, "the socket is another worker's or cluster's",
          "check alluxio.worker.data.server.domain.socket.address and alluxio.cluster.name"
        )
      case .tooMany: (.tooMany, "too many connections, handles or requests", "try again later")
      case .notFound: (.notFound, "is not there", "")
      case .changed: (.changed, "has another version than the one opened", "open it again")
      case .unavailable:
        (
          .unavailable, "the worker could not get it from the under file system",
          "try again; the worker's log says why"
        )
      case .refused: (.refused, "the under file system denied it", "check its credentials")
      case .invalid: (.invalid, "no such path, page or range", "")
      case .noSlot, .noRoom:
        (.tooMany, "the worker has no room for more leases", "close views that are not needed")
      case .notCached: (.unavailable, "is not cached", "")
      case .cancelled: (.unavailable, "the request was cancelled", "")
      case .stopping: (.unavailable, "the worker stops", "try again, or another worker")
      case .other: (.unavailable, "the worker failed", "its log says why")
      }
    self.init(
      kind.0, thing, message.isEmpty ? kind.1 : "\(kind.1): \(message)", kind.2, after: after)
  }
}
