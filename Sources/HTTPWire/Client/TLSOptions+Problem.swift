// Whether the files of TLS can be used, told before the first connection.

extension TLSOptions {
  /// What is wrong with the files named, in one line; nil when they can be used.
  ///
  /// Reads them.
  package var problem: String? {
    do throws(TLSContext.Failure) {
      _ = try TLSContext.create(self)
      return nil
    } catch {
      return error.detail
    }
  }
}
