// A listing under way.

/// A directory or tree being listed in constant memory.
///
/// Ring-confined; one call at a time.
package protocol UFSLister: AnyObject {
  /// The next entries, at most `max` and rarely none, or nil at the end.
  ///
  /// Entries that vanish meanwhile are left out; those that appear may or may not be listed; every other entry comes
  /// exactly once.
  ///
  /// - Throws: What the directory's status or contents throw. A listing that fails is never taken for a complete one.
  func next(max: Int) async throws(UFSError) -> UFSListingBatch?

  /// Ends the listing early. A lister dropped without it is closed, at some cost.
  func close() async
}
