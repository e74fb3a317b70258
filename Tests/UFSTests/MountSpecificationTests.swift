import Ring
import Testing

@testable import UFS

@Suite("Mounts are read from the command line")
struct MountSpecificationTests {
  @Test("a path, a URI and options")
  func plain() throws {
    let plain = try MountSpecification(parsing: "/s3=s3://bkt/dir")
    #expect(plain == MountSpecification(alluxioPath: "/s3", uri: "s3://bkt/dir"))
    let full = try MountSpecification(parsing: "/d=file:///data,readonly=true,x=a=b,empty=")
    #expect(full.uri == "file:///data")
    #expect(full.options == ["readonly": "true", "x": "a=b", "empty": ""])
  }

  @Test("a comma or backslash of the URI or a value is escaped")
  func escapes() throws {
    let parsed = try MountSpecification(parsing: #"/d=/data\,old\\x,key=a\,b,other=c"#)
    #expect(parsed.uri == #"/data,old\x"#)
    #expect(parsed.options == ["key": "a,b", "other": "c"])
  }

  @Test(
    "anything else is refused with the form to write",
    arguments: [
      "", "/d", "/d=", "d=/data", "=/data", #"/d=/data\"#, #"/d=/da\ta"#,
    ])
  func malformed(text: String) {
    #expect(throws: MountError(.malformed, mount: text)) { try MountSpecification(parsing: text) }
    #expect(MountError(.malformed, mount: text).description.contains("/name=uri[,key=value...]"))
  }

  @Test(
    "an option that is none is refused by its place",
    arguments: ["/d=/data,", "/d=/data,x", "/d=/data,=x"])
  func malformedOption(text: String) {
    #expect(throws: MountError(.malformedOption(1), mount: "/d")) {
      try MountSpecification(parsing: text)
    }
  }

  @Test(
    "no refusal shows what may be a secret",
    arguments: [
      "/a=s3://user:s3cret@bkt", "/a=s3://b,s3a.accessKeyId=x,s3a.secretKey=s3cret,badopt",
      "/a=s3://b,s3a.secretKey=one,s3a.secretKey=s3cret", #"/a=s3://b,s3a.secretKey=s3cret\"#,
      "/a=hdfs://u:s3/cret@h:1/", "s3://user:s3cret@bkt", "/a=http://u:s3cret@h",
      "/a=s3://b,alluxio.underfs.s3.endpoint=http://u:s3cret@host/path",
      "/a=https://h/,proxy=http://u:s3cret@p:1", "/a=s3://b,s3a.accessKeyId=s3cret",
    ])
  func masks(text: String) throws {
    let error = try #require(refusal(of: text, try Bench.environment()))
    let line = "\(error)"
    #expect(!line.contains("s3cret") && !line.contains("cret@"), "\(line)")
  }

  private func refusal(of text: String, _ environment: UFSEnvironment) -> MountError? {
    do throws(MountError) {
      _ = try Mount(opening: try MountSpecification(parsing: text), in: environment)
      return nil
    } catch { return error }
  }

  @Test("a mask covers all that stands before the last @, and leaves paths alone")
  func mask() {
    #expect(masked("s3://u:p@b/x") == "s3://******@b/x")
    #expect(masked("u:p/@q@b") == "******@b")
    #expect(masked("/data/@x") == "/data/@x" && masked("file:///@x") == "file:///@x")
    #expect(
      masked("s3://b/x") == "s3://b/x" && masked("s3:@") == "******@" && masked("@") == "******@")
  }

  @Test("an option given twice is refused")
  func duplicate() {
    #expect(throws: MountError(.duplicateOption("a"), mount: "/d")) {
      try MountSpecification(parsing: "/d=/data,a=1,a=2")
    }
  }
}
