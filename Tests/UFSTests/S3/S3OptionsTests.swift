import HTTPWire
import Testing

@testable import UFS

@Suite("An S3 mount is what its options say")
struct S3OptionsTests {
  private func options(
    _ options: [String: String], defaults: [String: String] = [:]
  ) throws(MountError) -> S3Options {
    try S3Options(parsing: options, defaults: defaults, mount: "/s3")
  }

  @Test("options have the names of the configuration, under each spelling")
  func names() throws {
    let parsed = try options([
      "alluxio.underfs.s3a.endpoint": "http://h:9000", "aws.accessKeyId": "a",
      "s3a.secretKey": "b", "alluxio.underfs.s3.disable.dns.buckets": "true",
      "alluxio.underfs.s3.list.objects.v1": "true",
      "alluxio.underfs.s3.bulk.delete.enabled": "false", "alluxio.underfs.s3.region": "r1",
      "alluxio.underfs.s3.multipart.upload.partition.size": "5MB",
      "alluxio.underfs.s3.default.mode": "0755", "readonly": "true",
      "alluxio.underfs.s3.threads.max": "7",
    ])
    #expect(parsed.endpoint == "http://h:9000")
    #expect(parsed.credentials == S3Credentials(keyID: "a", secret: "b"))
    #expect(parsed.isPathStyle == true)
    #expect(parsed.listsVersion1 && !parsed.deletesInBulk && parsed.isReadOnly)
    #expect(parsed.region == "r1")
    #expect(parsed.partSize == 5 << 20)
    #expect(parsed.mode == 0o755)
  }

  @Test("the configuration gives defaults, and the region of the endpoint goes before the bucket's")
  func defaults() throws {
    let defaults = [
      "alluxio.underfs.s3.endpoint": "h1", "alluxio.underfs.s3.region": "r1",
      "alluxio.underfs.s3.endpoint.region": "r2", "alluxio.worker.rpc.port": "1",
    ]
    #expect(try options([:], defaults: defaults).endpoint == "h1")
    #expect(try options([:], defaults: defaults).region == "r2")
    #expect(
      try options(["alluxio.underfs.s3.endpoint": "h2"], defaults: defaults).endpoint == "h2")
  }

  @Test(
    "a mistake is named with what is accepted",
    arguments: [
      ["nonsense": "1"], ["alluxio.underfs.s3.nonsense": "1"],
      ["alluxio.underfs.s3.list.objects.v1": "yes"],
      ["alluxio.underfs.s3.directory.suffix": "_$folder$"],
      ["alluxio.underfs.s3.default.mode": "999"],
      ["alluxio.underfs.s3.multipart.upload.partition.size": "1MB"],
      ["alluxio.underfs.s3.signer.algorithm": "S3SignerType"],
      ["penstock.underfs.s3.credentials": "magic"], ["penstock.underfs.s3.credentials": "static"],
      ["s3a.accessKeyId": "a"],
      ["s3a.accessKeyId": "a", "aws.accessKeyId": "b", "s3a.secretKey": "c"],
    ])
  func mistakes(_ given: [String: String]) {
    #expect(throws: MountError.self) { try options(given) }
  }

  @Test("no mistake shows a secret")
  func secrets() {
    let given = ["s3a.secretKey": "s3cr3t", "aws.sessionToken": "t0k3n", "nonsense": "1"]
    let error = #expect(throws: MountError.self) { try options(given) }
    #expect(error?.description.contains("s3cr3t") == false)
    let half = #expect(throws: MountError.self) { try options(["s3a.secretKey": "s3cr3t"]) }
    #expect(half?.description.contains("s3cr3t") == false)
    let twice = #expect(throws: MountError.self) {
      try options(["s3a.secretKey": "s3cr3t", "aws.secretKey": "other"])
    }
    #expect(twice?.description.contains("s3cr3t") == false)
  }

  private func origin(
    _ text: String?, bucket: String = "data", _ change: (inout S3Options) -> Void = { _ in }
  ) throws -> (String, String) {
    var options = S3Options()
    options.endpoint = text
    change(&options)
    let endpoint = try #require(
      S3Endpoint(bucket: bucket, options: options, region: "eu-west-1"))
    return (endpoint.origin.description, endpoint.path("a b/c"))
  }

  @Test("a bucket is in the host's name on AWS and in the path elsewhere, unless it is said")
  func endpoints() throws {
    #expect(
      try origin(nil) == ("https://data.s3.eu-west-1.amazonaws.com", "/a%20b/c"))
    #expect(
      try origin(nil, bucket: "Da_ta")
        == ("https://s3.eu-west-1.amazonaws.com", "/Da_ta/a%20b/c"))
    #expect(
      try origin(nil, bucket: "da.ta")
        == ("https://s3.eu-west-1.amazonaws.com", "/da.ta/a%20b/c"))
    #expect(try origin("10.0.0.5") == ("http://10.0.0.5", "/data/a%20b/c"))
    #expect(try origin("store:9000") == ("http://store:9000", "/data/a%20b/c"))
    #expect(try origin("http://[::1]:9000/") == ("http://[::1]:9000", "/data/a%20b/c"))
    #expect(try origin("https://store.example") == ("https://data.store.example", "/a%20b/c"))
    #expect(
      try origin("https://store.example") { $0.isPathStyle = true }
        == ("https://store.example", "/data/a%20b/c"))
    #expect(
      try origin("store.example") { $0.isSecure = true }
        == ("https://data.store.example", "/a%20b/c"))
    for bad in ["http://a b", "http://host/path", "ftp://host", "host:99999", "user@host"] {
      var options = S3Options()
      options.endpoint = bad
      #expect(S3Endpoint(bucket: "b", options: options, region: "r") == nil, "\(bad)")
    }
  }

  @Test("a redirect is followed to the same store only")
  func trust() throws {
    var options = S3Options()
    let amazon = try #require(S3Endpoint(bucket: "data", options: options, region: "us-east-1"))
    #expect(amazon.trusts(HTTPOrigin(isSecure: true, host: "data.s3.eu-west-1.amazonaws.com")))
    #expect(!amazon.trusts(HTTPOrigin(isSecure: false, host: "data.s3.eu-west-1.amazonaws.com")))
    #expect(!amazon.trusts(HTTPOrigin(isSecure: true, host: "amazonaws.com.example")))
    #expect(!amazon.trusts(HTTPOrigin(isSecure: true, host: "evilamazonaws.com")))
    options.endpoint = "http://127.0.0.1:9000"
    let own = try #require(S3Endpoint(bucket: "data", options: options, region: "us-east-1"))
    #expect(own.trusts(HTTPOrigin(isSecure: false, host: "127.0.0.1", port: 9001)))
    #expect(!own.trusts(HTTPOrigin(isSecure: false, host: "10.0.0.1", port: 9000)))
    #expect(amazon.moved(toRegion: "cn-north-1").base.host == "s3.cn-north-1.amazonaws.com.cn")
    #expect(own.moved(toRegion: "x") == own)
  }

  @Test(
    "a corrected region changes the host of AWS that was chosen, and never its kind",
    arguments: [
      ("s3.eu-west-1.amazonaws.com", "s3.us-west-2.amazonaws.com"),
      ("s3.amazonaws.com", "s3.us-west-2.amazonaws.com"),
      ("s3-eu-west-1.amazonaws.com", "s3.us-west-2.amazonaws.com"),
      ("s3.dualstack.eu-west-1.amazonaws.com", "s3.dualstack.us-west-2.amazonaws.com"),
      ("s3-fips.us-east-1.amazonaws.com", "s3-fips.us-west-2.amazonaws.com"),
      ("s3-fips.dualstack.us-east-1.amazonaws.com", "s3-fips.dualstack.us-west-2.amazonaws.com"),
      (
        "bucket.vpce-1a2b-3c4d.s3.us-east-1.vpce.amazonaws.com",
        "bucket.vpce-1a2b-3c4d.s3.us-east-1.vpce.amazonaws.com"
      ),
      ("s3-accelerate.amazonaws.com", "s3-accelerate.amazonaws.com"),
    ])
  func moved(from old: String, to new: String) throws {
    var options = S3Options()
    options.endpoint = "https://\(old)"
    let endpoint = try #require(S3Endpoint(bucket: "data", options: options, region: "r"))
    #expect(endpoint.moved(toRegion: "us-west-2").base.host == new)
  }
}
