// Listings.

extension HDFSUFS {
  package func list(
    _ path: String, _ options: UFSListing
  ) async throws(UFSError) -> any UFSLister {
    try check(path, "ufs.list")
    let lister = HDFSLister(self, path, options)
    do throws(UFSError) {
      try await lister.start()
    } catch  where error.code == .notFound && options.cursor != nil && !path.isEmpty {
      throw rule(.changed, "ufs.list", path, .staleCursor)
    }
    return lister
  }
}
