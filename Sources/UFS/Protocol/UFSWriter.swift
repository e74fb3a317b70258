// A new file on its way in.

package import Model

/// A file being written, invisible until it is committed.
///
/// Ring-confined; one call at a time.
///
/// After an error only `abort` is useful. A writer dropped without `commit` is aborted, at some cost.
package protocol UFSWriter: AnyObject {
  /// Adds `bytes` at the end; they stay put until this returns.
  ///
  /// - Throws: `.noSpace`, `.io`, …
  func append(_ bytes: UnsafeRawBufferPointer) async throws(UFSError)

  /// Makes the file durable and visible, in that order, and says what is there now.
  ///
  /// - Throws: `.exists` when an exclusive creation finds the name taken. The name then still means what it meant.
  func commit() async throws(UFSError) -> FileStatus

  /// Gives the file a modification time, and a mode, before `commit`; a store that keeps none ignores them.
  ///
  /// See `UFSCapabilities.keepsTimes`.
  func keep(_ attributes: UFSAttributes)

  /// Drops everything written; harmless after the end.
  func abort() async
}

extension UFSWriter {
  package func keep(_ attributes: UFSAttributes) {
    // Objects have the time of their upload, and no mode.
  }
}
