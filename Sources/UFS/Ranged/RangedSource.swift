// The seam between ranged reads and the stores that answer GETs: S3 and web servers.

import HTTPWire
import Model

/// One version of one file that is read by GETs with ranges.
///
/// Ring-confined.
protocol RangedSource: AnyObject {
  /// The version that every reply must bring.
  var version: FileVersion { get }
  /// Where its requests wait for their turn.
  var gate: FlowGate { get }
  /// Who is asked for the file, for turns: files take turns.
  var flow: UInt64 { get }
  /// Whether a change after a read that ends now would have another version for certain.
  var isSettled: Bool { get }
  /// When a receive that begins now must be over, in the scale of `reactor.now`.
  var deadline: UInt64 { get }

  /// Asks for `range` and checks the reply's head; `abort` may give it up.
  ///
  /// - Throws: What the store answers, and what does not fit the question or the version.
  func get(
    _ range: Range<Int64>, for purpose: UFSPurpose, abort: HTTPClientAbort?
  ) async throws(RangedFailure) -> RangedBody

  /// The failure for a body that did not come to its end.
  func failure(_ error: HTTPClientError) -> RangedFailure

  /// The failure for a body that is shorter than its head promised, or longer.
  func wrongLength(isShort: Bool, status: UInt16) -> RangedFailure
}

/// How far ahead of a flow a read may begin.
enum RangedGap {
  /// Most bytes that are received to be dropped, rather than asking anew.
  static let max: Int64 = 1 << 20
}
