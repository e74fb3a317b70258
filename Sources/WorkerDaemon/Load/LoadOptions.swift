// What a load job was asked for (compat §2.9, §7.2).

/// Options of a load job.
package struct LoadOptions: Equatable, Sendable {
  /// Most bytes per second taken from the UFS; nil for no limit.
  package var bandwidth: Int64?
  /// List again at the end and load what is new or missing.
  package var verify = false
  /// Accepted: listing and loading always overlap; totals are then left out of the report.
  package var partialListing = false
  /// Only file status is loaded.
  package var metadataOnly = false
  /// Files that are wholly cached count as skipped.
  package var skipIfExists = false
  /// Keeps the files whose name it matches wholly; nil keeps all.
  package var fileFilter: String?

  /// No limits, everything below the path.
  package init() {}
}
