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
      "", "/d", "/d=", "d=/data", "=/data", "/d=/data,", "/d=/data,x", #"/d=/data\"#, #"/d=/da\ta"#,
      "/d=/data,=x",
    ])
  func malformed(text: String) {
    #expect(throws: MountError(.malformed, mount: text)) { try MountSpecification(parsing: text) }
    #expect(MountError(.malformed, mount: text).description.contains("/name=uri[,key=value...]"))
  }

  @Test("an option given twice is refused")
  func duplicate() {
    #expect(throws: MountError(.duplicateOption("a"), mount: "/d")) {
      try MountSpecification(parsing: "/d=/data,a=1,a=2")
    }
  }
}
