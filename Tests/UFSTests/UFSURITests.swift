import Testing

@testable import UFS

@Suite("UFS URIs have one canonical form")
struct UFSURITests {
  @Test(
    "every spelling of a local path means the same file",
    arguments: [
      "/data/a", "file:/data/a", "file:///data/a", "file://localhost/data/a", "FILE:///data/a",
      "/data/a/", "file:///data/a///",
    ])
  func local(text: String) throws {
    #expect(try UFSURI(parsing: text).description == "file:///data/a")
  }

  @Test("roots keep their slash, buckets do not have one")
  func roots() throws {
    for text in ["/", "file:/", "file:///", "///"] {
      #expect(try UFSURI(parsing: text).description == "file:///")
    }
    #expect(try UFSURI(parsing: "s3://bkt/").description == "s3://bkt")
    #expect(try UFSURI(parsing: "S3://bkt/a%20b/").description == "s3://bkt/a%20b")
    #expect(try UFSURI(parsing: "s3a://Bkt").authority == "Bkt")
    #expect(try UFSURI(parsing: "hdfs://nn:8020/w/t").authority == "nn:8020")
  }

  @Test("names are literal: nothing is decoded or folded")
  func literal() throws {
    let path = "/a%20b/\u{301}x/ü#?&+"
    #expect(try UFSURI(parsing: path).description == "file://" + path)
    #expect(try UFSURI(parsing: "/a//b").path == "a//b")
    #expect(try UFSURI(parsing: "/caf\u{e9}") != UFSURI(parsing: "/cafe\u{301}"))
  }

  @Test(
    "what is not absolute is refused",
    arguments: [
      "", "data", "./a", "data/a:b", "file:a", "file:", ":/x", "1s://x/y", "s3:/b", "s3:b", "ä://x",
    ])
  func relative(text: String) {
    #expect(throws: PathRule.relative) { try UFSURI(parsing: text) }
  }

  @Test(
    "a file has no host, a bucket must have a name",
    arguments: [
      ("file://host/x", PathRule.authority), ("file://x", .authority), ("s3://", .noAuthority),
      ("s3:///k", .noAuthority), ("s3://user:secret@bkt/x", .userInfo), ("hdfs://u@h", .userInfo),
    ])
  func authority(text: String, rule: PathRule) {
    #expect(throws: rule) { try UFSURI(parsing: text) }
  }

  @Test("a prefix ends at a path boundary")
  func boundaries() throws {
    let root = try UFSURI(parsing: "/data")
    #expect(root.relative(try UFSURI(parsing: "/data")) == "")
    #expect(root.relative(try UFSURI(parsing: "/data/a/b")) == "a/b")
    #expect(root.relative(try UFSURI(parsing: "/data2/a")) == nil)
    #expect(root.relative(try UFSURI(parsing: "/")) == nil)
    #expect(try UFSURI(parsing: "/").relative(UFSURI(parsing: "/a")) == "a")
    #expect(try UFSURI(parsing: "s3://a").relative(UFSURI(parsing: "s3://ab/x")) == nil)
    #expect(try UFSURI(parsing: "s3://a").relative(UFSURI(parsing: "s3a://a/x")) == nil)
    // A slash and a combining mark are one `Character` and still two parts of a path.
    #expect(root.relative(try UFSURI(parsing: "/data/\u{301}x")) == "\u{301}x")
  }
}
