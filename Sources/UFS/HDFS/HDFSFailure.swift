// What can go wrong between us and a node, before it is known which file it is about.

import Glibc
import Ring

/// Why a node did not do what it was asked.
enum HDFSFailure: Error, Equatable {
  /// It threw a Java exception.
  case exception(HDFSException)
  /// Its bytes make no sense.
  case wire(HDFSWireError)
  /// The kernel's word on the connection; `isSent` when the request may have arrived.
  case connection(Int32, isSent: Bool)
  /// Its name has no address.
  case name(String)
  /// It took too long.
  case timeout
  /// A data node refused, with its status and its text.
  case refused(UInt64, String)
  /// The bytes do not have the sums that came with them.
  case checksum
  /// Flow control did not let the request through.
  case flow(FlowRefusal)
  /// A name node's address takes no connection, or lost it.
  case unreached(HDFSEndpoint, errno: Int32)
  /// A data node takes no connection.
  case unreachedData(HDFSEndpoint, errno: Int32)
  /// What answers at a name node's address does not speak Hadoop's protocol.
  case stranger(HDFSEndpoint, HDFSWireError)
  /// The packets are not of the size that was counted on.
  case unevenPackets

  /// The failure that a result of a socket operation means.
  init(result: Int32, isSent: Bool = true) {
    switch -result {
    case ECANCELED, ETIME, ETIMEDOUT: self = .timeout
    default: self = .connection(result == 0 ? ECONNRESET : -result, isSent: isSent)
    }
  }

  /// One line for people.
  var summary: String {
    switch self {
    case .exception(let exception): exception.summary
    case .wire(let error): "not understood: \(error)"
    case .connection(let errno, _): errnoText(errno)
    case .name(let detail): detail
    case .unreached(let place, let errno):
      "the name node \(place) cannot be reached: \(errnoText(errno)) (errno \(errno)); check that it runs and"
        + " that this is its RPC port (as in fs.defaultFS, often 8020 or 9000; not that of its web pages)"
    case .unreachedData(let place, let errno):
      "the data node \(place) cannot be reached: \(errnoText(errno)) (errno \(errno)); check that it runs and that"
        + " this machine may connect to it"
    case .stranger(let place, let error):
      "what answers at \(place) is not understood (\(error)); check that this is a name node's RPC port (as"
        + " in fs.defaultFS, often 8020 or 9000; not that of its web pages)"
    case .timeout: "no answer in time"
    case .refused(let status, let message): "refused with status \(status): \(message)"
    case .checksum: "wrong checksum"
    case .unevenPackets: "uneven packets"
    case .flow(let refusal): refusal.description
    }
  }
}
