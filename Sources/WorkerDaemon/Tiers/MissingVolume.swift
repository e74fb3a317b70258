// A volume that the worker starts without.

/// A configured volume whose directory cannot be used.
package struct MissingVolume: Sendable, Equatable {
  /// What was configured.
  package let plan: PlannedVolume
  /// Why it is not there, with the remedy.
  package let reason: String
}
