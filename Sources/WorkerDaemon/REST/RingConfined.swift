// Values that are not Sendable and never leave their ring.

/// A value that tasks of one reactor hand to each other.
// SAFETY: made and used by tasks that prefer the same reactor; never by two threads at once.
final class RingConfined<Value>: @unchecked Sendable {
  /// The value.
  var value: Value

  /// Holds `value` for the tasks of the current reactor.
  init(_ value: Value) { self.value = value }
}
