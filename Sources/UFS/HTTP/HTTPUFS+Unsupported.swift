// What a web server cannot do.

extension HTTPUFS {
  package func list(
    _ path: String, _ options: UFSListing
  ) async throws(UFSError) -> any UFSLister {
    try check(path, "ufs.list")
    throw unsupported("ufs.list", path, .noListing)
  }

  package func walk(
    _ path: String, _ options: UFSListing
  ) async throws(UFSError) -> any UFSLister {
    try check(path, "ufs.walk")
    throw unsupported("ufs.walk", path, .noListing)
  }

  package func create(
    _ path: String, _ mode: UFSCreation
  ) async throws(UFSError) -> any UFSWriter {
    try check(path, "ufs.create")
    throw unsupported("ufs.create", path)
  }

  package func write(
    _ bytes: UnsafeRawBufferPointer, to path: String, at offset: Int64
  ) async throws(UFSError) {
    try check(path, "ufs.write")
    throw unsupported("ufs.write", path)
  }

  package func makeDirectory(
    _ path: String, recursive: Bool
  ) async throws(UFSError) -> DirectoryCreation {
    try check(path, "ufs.mkdir")
    throw unsupported("ufs.mkdir", path)
  }

  package func touch(_ path: String) async throws(UFSError) {
    try check(path, "ufs.touch")
    throw unsupported("ufs.touch", path)
  }

  package func rename(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) {
    try check(source, "ufs.rename")
    try check(target, "ufs.rename")
    throw unsupported("ufs.rename", source)
  }

  package func copyFile(
    _ source: String, to target: String, replacing: Bool
  ) async throws(UFSError) {
    try check(source, "ufs.copy")
    try check(target, "ufs.copy")
    throw unsupported("ufs.copy", target)
  }

  package func delete(_ path: String, recursive: Bool) async throws(UFSError) {
    try check(path, "ufs.delete")
    throw unsupported("ufs.delete", path)
  }

  private func unsupported(
    _ operation: StaticString, _ path: String, _ rule: PathRule = .readOnlyStore
  ) -> UFSError {
    error(.unsupported, operation, path, .rule(rule))
  }
}
