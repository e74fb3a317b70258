// A look at who waits for a fill, for the one who would give it up.

/// Tells when nobody waits for a fill; may outlive it.
// SAFETY: the record is kept, the entry's memory is never given back, and both are used under the stripe's lock alone.
@safe package struct FillWatch: @unchecked Sendable {
  private let record: FillRecord
  private let entry: UnsafeMutablePointer<PageEntry>

  init(_ record: FillRecord, _ entry: UnsafeMutablePointer<PageEntry>) {
    self.record = record
    unsafe self.entry = entry
  }

  /// Calls `body` once, as soon as nobody waits for the fill; never when the fill ends before that.
  ///
  /// At once if nobody waits now, else on the thread of the last to leave.
  package func whenUnawaited(_ body: @escaping @Sendable () -> Void) {
    unsafe record.core.whenUnawaited(record, entry, body)
  }
}
