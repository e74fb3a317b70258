// What a call to a name node is, as far as flow control cares.

/// Whose call it is and what it does.
struct HDFSAsking: Sendable {
  let verb: FlowVerb
  let purpose: UFSPurpose
  /// Files take turns.
  var flow: UInt64

  /// A call about `path`.
  init(_ verb: FlowVerb, _ path: String, for purpose: UFSPurpose = .demand) {
    self.verb = verb
    self.purpose = purpose
    flow = FlowControl.flow(of: path)
  }
}
