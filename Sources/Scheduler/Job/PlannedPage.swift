// A page of a MOVE's listing, written before any of its files is moved: afterwards no listing shows them.

/// A page whose files a listing may not give again.
package struct PlannedPage: Equatable, Sendable {
  /// Counts the job's pages.
  package var number: UInt64
  /// What the listing gave.
  package var page: ListedPage

  /// A page of its parts.
  package init(number: UInt64, _ page: ListedPage) {
    self.number = number
    self.page = page
  }
}
