import Testing

@testable import UFS

@Suite("A local directory keeps every promise of an under file system")
struct LocalUFSContractTests {
  @Test("as it is", arguments: UFSContract.cases)
  func plain(promise: UFSContract.Case) async throws {
    try await UFSContract.run(promise) { try localSubject().subject }
  }

  @Test("past the page cache where it can", arguments: UFSContract.reading)
  func direct(promise: UFSContract.Case) async throws {
    try await UFSContract.run(promise) {
      try localSubject(LocalUFS.Options(direct: .always)).subject
    }
  }

  @Test("on a file system without unnamed files", arguments: UFSContract.writing)
  func named(promise: UFSContract.Case) async throws {
    var seams = LocalUFS.Seams()
    seams.lacksUnnamedFiles = true
    let chosen = seams
    try await UFSContract.run(promise) { try localSubject(LocalUFS.Options(), chosen).subject }
  }

  @Test("without kept descriptors", arguments: UFSContract.reading)
  func uncached(promise: UFSContract.Case) async throws {
    try await UFSContract.run(promise) {
      try localSubject(LocalUFS.Options(descriptorCount: 0)).subject
    }
  }

  @Test("on a file system that asks a server", arguments: UFSContract.reading)
  func remote(promise: UFSContract.Case) async throws {
    var seams = LocalUFS.Seams()
    seams.pretendsRemote = true
    let chosen = seams
    try await UFSContract.run(promise) { try localSubject(LocalUFS.Options(), chosen).subject }
  }
}
