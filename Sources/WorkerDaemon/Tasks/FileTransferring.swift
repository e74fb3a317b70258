// Copying and moving single files, as tasks see it.

package import Scheduler

/// One file to be copied or moved.
package struct TransferOrder: Sendable {
  /// The file as it was listed, and its target.
  package var file: TaskFile
  /// What happens to a target that is there.
  package var overwrite: OverwriteRule
  /// Whether the bytes of the copy are read again and compared.
  package var checksContent: Bool
  /// Whether the source is deleted once its copy is verified.
  package var deletesSource: Bool

  /// An order of its parts.
  package init(
    file: TaskFile, overwrite: OverwriteRule, checksContent: Bool, deletesSource: Bool
  ) {
    self.file = file
    self.overwrite = overwrite
    self.checksContent = checksContent
    self.deletesSource = deletesSource
  }
}

/// What became of a transfer.
package enum TransferOutcome: Sendable, Equatable {
  /// The target has the file's bytes, so many.
  case done(bytes: Int64)
  /// The target had them already.
  case skipped
  /// Not done; the source is as it was.
  case failed(LoadFailure)
}

/// Copies and moves files between under file systems.
package protocol FileTransferring: Sendable {
  /// Copies or moves one file; called on a reactor.
  ///
  /// `pace` is called before so many bytes are read, may wait, and ends the transfer by answering false. The same order may come
  /// again: what an earlier attempt did is found and counted as done.
  func transfer(
    _ order: TransferOrder, pace: @escaping @Sendable (Int64) async -> Bool
  ) async -> TransferOutcome
}
