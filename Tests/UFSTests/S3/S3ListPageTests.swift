import Model
import Testing

@testable import UFS

@Suite("Pages of listings are read whole or not at all")
struct S3ListPageTests {
  private func page(_ content: String) throws(XMLProblem) -> S3ListPage {
    let document = """
      <?xml version="1.0" encoding="UTF-8"?>
      <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\(content)</ListBucketResult>
      """
    return try S3ListPage(parsing: Array(document.utf8))
  }

  private let object = """
    <Contents><Key>a%2Bb+c/%C3%BC</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified>\
    <ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>434234</Size>\
    <Owner><ID>x</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>
    """

  @Test("objects, prefixes and tokens are found, escapes resolved")
  func whole() throws {
    let page = try page(
      """
      <Name>b</Name><Prefix/><EncodingType>url</EncodingType><MaxKeys>2</MaxKeys>\(object)
      <CommonPrefixes><Prefix>d%20e/</Prefix></CommonPrefixes><IsTruncated>true</IsTruncated>
      <NextContinuationToken>1u%eg+=/</NextContinuationToken>
      """)
    #expect(page.objects.map(\.key) == ["a+b c/ü"])
    #expect(page.objects.first?.length == 434_234)
    #expect(page.objects.first?.entityTag == "\"fba9dede5f27731c9771645a39863328\"")
    #expect(page.objects.first?.modified == 1_255_369_830)
    #expect(page.prefixes == ["d e/"])
    #expect(page.isTruncated)
    // The token is the store's own word, not a key.
    #expect(page.continuation == "1u%eg+=/")
  }

  @Test("without an encoding keys are as they are")
  func plain() throws {
    let page = try page("\(object)<IsTruncated>false</IsTruncated>")
    #expect(page.objects.map(\.key) == ["a%2Bb+c/%C3%BC"])
    #expect(!page.isTruncated)
  }

  @Test("a key that is no text is counted and left out")
  func unreadable() throws {
    let bad =
      "<Contents><Key>%FF</Key><ETag>&quot;x&quot;</ETag><Size>1</Size></Contents>"
    let page = try page(
      "<EncodingType>url</EncodingType>\(bad)\(object)<IsTruncated>false</IsTruncated>")
    #expect(page.unreadableCount == 1)
    #expect(page.objects.count == 1)
  }

  @Test(
    "a page that lacks what a listing needs is refused",
    arguments: [
      "", "<IsTruncated>maybe</IsTruncated>",
      "<Contents><Key>a</Key></Contents><IsTruncated>false</IsTruncated>",
      "<Contents><Size>1</Size></Contents><IsTruncated>false</IsTruncated>",
      "<Contents><Key>a</Key><Size>-1</Size></Contents><IsTruncated>false</IsTruncated>",
      "<Contents><Key>a</Key><Size>99999999999999999999</Size></Contents><IsTruncated>false</IsTruncated>",
    ])
  func refused(content: String) {
    #expect(throws: XMLProblem.unexpected) { try page(content) }
  }

  @Test("another document is no listing")
  func other() {
    #expect(throws: XMLProblem.unexpected) {
      try S3ListPage(parsing: Array("<Error><Code>NoSuchBucket</Code></Error>".utf8))
    }
  }

  @Test("an error's code, region and a bulk deletion's failures are found")
  func replies() throws {
    let error = try S3Reply(
      parsing: Array(
        "<Error><Code>PermanentRedirect</Code><Message>m</Message><Endpoint>h</Endpoint><X><Y/></X></Error>"
          .utf8))
    #expect(error.root == "Error")
    #expect(error.text("Code") == "PermanentRedirect")
    #expect(error.text("Endpoint") == "h")
    #expect(error.text("Region") == nil)
    let deletion = try S3Reply(
      parsing: Array(
        "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code><Message/></Error></DeleteResult>"
          .utf8))
    #expect(deletion.failures.map(\.key) == ["b"])
    #expect(deletion.failures.map(\.code) == ["AccessDenied"])
  }

  @Test("versions are made of strong and weak tags, never of what a header line cannot hold")
  func versions() {
    #expect(S3Version.version(entityTag: "\"a-2\"", length: 3)?.token == "\"a-2\"")
    #expect(S3Version.version(entityTag: "abc", length: 3)?.token == "\"abc\"")
    #expect(S3Version.version(entityTag: "W/\"abc\"", length: 3)?.token == "W/\"abc\"")
    #expect(!S3Version.isStrong("W/\"abc\""))
    for tag in ["", "\"\"", "\"a b\"", "\"a\r\nX: y\"", "\"a\"b\""] {
      #expect(S3Version.version(entityTag: tag, length: 1) == nil, "\(tag)")
    }
  }
}
