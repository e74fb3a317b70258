// What flow control reports, by mount and verb.

/// One mount's requests of one verb.
package struct FlowStatistics: Sendable, Hashable {
  /// Alluxio path of the mount.
  package var mount: String
  package var verb: FlowVerb
  /// Requests in flight and waiting now.
  package var inFlight = 0
  package var waiting = 0
  /// Smallest window of its hosts; nil while none bounds anything.
  package var window: Int?
  /// What happened since the start.
  package var counts = FlowCounts()
}
