// Reads of one version of one file.

package import Model

/// An open file at one version.
///
/// Ring-confined: used on the reactor that opened it; reads may overlap.
package protocol UFSReader: AnyObject {
  /// The version that every byte read belongs to.
  var version: FileVersion { get }

  /// Says that `range` will be read from its start to its end, so that one flow may serve it all.
  ///
  /// A hint: an implementation may start to fetch, or ignore it. Reads elsewhere stay legal.
  func announce(_ range: Range<Int64>)

  /// Says whose reads these are where requests wait for their turn: those of one flow (a job, say) take turns with others'.
  ///
  /// Without it a file is a flow of its own.
  func takeTurns(as flow: UInt64)

  /// Reads into `buffer` from `offset`, up to the version's length.
  ///
  /// The result's count is `min(buffer.count, version.length − offset)`, 0 at or past the end: never less because of a
  /// short transfer. `buffer` is written only until this returns, and holds nothing of worth after an error; pages of
  /// an arena, aligned to 4 KiB, avoid copies. Suspends.
  ///
  /// - Throws: `.changed` when the bytes may not be those of `version`.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
  ) async throws(UFSError) -> UFSRead

  /// Ends the use of the file; nothing may be in flight. A reader dropped without it is closed, at some cost.
  func close() async
}

extension UFSReader {
  package func announce(_ range: Range<Int64>) {}

  package func takeTurns(as flow: UInt64) {}
}
