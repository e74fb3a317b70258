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

  // rclone takes a directory's marker for a file: the cases that make directories are not for it.
  @Test(
    "on rclone, which checks signatures", arguments: UFSContract.writing + UFSContract.naming[..<5])
  func rclone(promise: UFSContract.Case) async throws {
    let server = try await S3Server.rclone()
    try await UFSContract.run(promise) { try await S3Bench.subject(server) }
  }
}
