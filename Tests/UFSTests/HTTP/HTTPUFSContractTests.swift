import Testing

@testable import UFS

@Suite("A web server's files keep the promises of reading")
struct HTTPUFSContractTests {
  @Test("by entity tags", arguments: UFSContract.readOnly)
  func tags(promise: UFSContract.Case) async throws {
    try await UFSContract.run(promise) {
      let folder = try await WebFolder.make()
      return folder.subject(try folder.fileSystem())
    }
  }

  @Test("by modification times", arguments: UFSContract.readOnly)
  func times(promise: UFSContract.Case) async throws {
    try await UFSContract.run(promise) {
      let folder = try await WebFolder.make(locations: "etag off;")
      return folder.subject(try folder.fileSystem())
    }
  }

  @Test("where HEAD is refused", arguments: UFSContract.readOnly)
  func noHead(promise: UFSContract.Case) async throws {
    try await UFSContract.run(promise) {
      let folder = try await WebFolder.make(
        locations: "if ($request_method = HEAD) { return 405; }")
      return folder.subject(try folder.fileSystem())
    }
  }
}
