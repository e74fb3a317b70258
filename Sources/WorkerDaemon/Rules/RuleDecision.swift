// What the rules come to for one file.

package import PageStore

/// The rules of one path, looked up once and kept with what is known of the file.
package struct RuleDecision: Sendable {
  /// State of the rules that it was made in; another one makes it out of date.
  package var generation: UInt64 = 0
  /// Nanoseconds that a status is believed by readers of bytes.
  package var dataValidity: UInt64
  /// Nanoseconds that a status is believed by those who ask for it.
  package var metadataValidity: UInt64
  /// False when bytes always come from the UFS.
  package var isCached = true
  /// Milliseconds that pages stay after the file was first cached; nil without a limit.
  package var timeToLive: Int64?
  /// Which pages leave before others.
  package var priority = CachePriority.medium
  /// Whether the file's pages do not leave.
  package var isPinned = false
  /// The quotas that the file counts against, most specific first.
  package var quotas: [QuotaAccount] = []

  /// What the store is told of the file.
  var traits: FileTraits {
    FileTraits(
      priority: priority, isPinned: isPinned, epoch: UInt32(truncatingIfNeeded: generation))
  }

  /// What holds without rules, with a status believed for `validity` nanoseconds.
  package init(validity: UInt64) {
    dataValidity = validity
    metadataValidity = validity
  }
}
