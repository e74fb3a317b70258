import Testing

@testable import UFS

@Suite("A bucket keeps every promise of an under file system that S3 can keep")
struct S3UFSContractTests {
  @Test("on moto", arguments: UFSContract.cases)
  func moto(promise: UFSContract.Case) async throws {
    let server = try await S3Server.moto()
    try await UFSContract.run(promise) { try await S3Bench.subject(server) }
  }

  @Test("below a prefix, in pages of three keys, deleted one by one", arguments: UFSContract.cases)
  func paged(promise: UFSContract.Case) async throws {
    let server = try await S3Server.moto()
    try await UFSContract.run(promise) {
      try await S3Bench.subject(
        server, prefix: "deep/er",
        [
          "alluxio.underfs.s3.bulk.delete.enabled": "false",
          "alluxio.underfs.listing.length": "3",
        ])
    }
  }

  // moto's version 1 gives pages with a delimiter in no order; flat ones it does not.
  @Test("listed by version 1", arguments: UFSContract.listing)
  func version1(promise: UFSContract.Case) async throws {
    let server = try await S3Server.moto()
    try await UFSContract.run(promise) {
      try await S3Bench.subject(server, ["alluxio.underfs.s3.list.objects.v1": "true"])
    }
  }

  // rclone takes a directory's marker for a file.
  @Test(
    "on rclone, which checks signatures and knows no markers",
    arguments: UFSContract.cases)
  func rclone(promise: UFSContract.Case) async throws {
    let server = try await S3Server.rclone()
    try await UFSContract.run(promise) {
      try await S3Bench.subject(
        server, ["alluxio.underfs.object.store.breadcrumbs.enabled": "false"])
    }
  }

  @Test(
    "a directory without a marker is there once a file lies below it, and nothing is put for it")
  func withoutMarkers() async throws {
    try await Bench.run { () async throws -> Void in
      let server = try await S3Server.moto()
      let subject = try await S3Bench.subject(
        server, ["alluxio.underfs.object.store.breadcrumbs.enabled": "false"])
      let fileSystem = subject.fileSystem
      #expect(try await fileSystem.makeDirectory("d/e", recursive: true) == .created)
      #expect(try await subject.tree() == [])
      try await subject.put("d/e/f", [1])
      #expect(try await fileSystem.makeDirectory("d/e", recursive: true) == .existed)
      try await fileSystem.touch("d/e")
      #expect(try await subject.tree() == ["d/", "d/e/", "d/e/f"])
    }
  }
}
