// The sixteen ways a call can fail, and the one it can succeed, as gRPC numbers them.

/// How a call ended.
///
/// Source: the status codes of the gRPC protocol; the numbers go over the wire.
package enum RPCStatusCode: Int32, Sendable, Hashable, CaseIterable {
  /// It did what was asked.
  case ok = 0
  /// The caller gave it up.
  case cancelled = 1
  /// Nobody said why.
  case unknown = 2
  /// The request makes no sense, whatever the state of things.
  case invalidArgument = 3
  /// Its time was over.
  case deadlineExceeded = 4
  /// What was asked for is not there.
  case notFound = 5
  /// What was to be made is there.
  case alreadyExists = 6
  /// The caller may not.
  case permissionDenied = 7
  /// A bound was reached.
  case resourceExhausted = 8
  /// Not in this state of things.
  case failedPrecondition = 9
  /// A conflict with somebody else.
  case aborted = 10
  /// Past the end.
  case outOfRange = 11
  /// The server does not know the method.
  case unimplemented = 12
  /// A rule that always holds was broken.
  case `internal` = 13
  /// The server cannot be reached or is going away; trying again may help.
  case unavailable = 14
  /// Data is gone for good.
  case dataLoss = 15
  /// The caller did not say who it is.
  case unauthenticated = 16
}
