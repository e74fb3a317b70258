// The objects that the core's completions belong to.

/// Has operations in flight in the core, which holds one reference for each of them.
// SAFETY: it has no state of its own; those that have say why.
class RPCTagOwner: @unchecked Sendable {
  /// Takes the completion of `operation`, on the thread of a queue: wakes whoever waits and does nothing long.
  func complete(_ operation: RPCOperation, isOK: Bool) {
    preconditionFailure("an owner of tags takes their completions")
  }
}
