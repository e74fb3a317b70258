// Normal form of path parameters.

import Testing
import WorkerDaemon

@Suite struct UFSPathTextTests {
  @Test(
    "the client's scheme and trailing slashes go, a bare root stays",
    arguments: [
      ("s3://bkt/dir/", "s3://bkt/dir"), ("s3://bkt//", "s3://bkt"), ("s3://", "s3://"),
      ("file:///", "file:///"), ("file:///data/", "file:///data"), ("/", "/"), ("/s3/", "/s3"),
      ("alluxiofs://s3://bkt/a", "s3://bkt/a"), ("alluxiofs://alluxiofs://s3://b/", "s3://b"),
      ("s3://bkt/a b", "s3://bkt/a b"), ("", ""), ("a://", "a://"),
    ])
  func normalises(text: String, normal: String) {
    #expect(UFSPathText.normalised(text) == normal)
  }

  @Test("a slash in front of a combining mark is still a slash")
  func worksOnBytes() {
    let text = "alluxiofs://\u{301}x/"
    #expect(Array(UFSPathText.normalised(text).utf8) == Array("\u{301}x".utf8))
  }

  @Test("a scheme is letters and digits before ://")
  func findsSchemes() {
    #expect(UFSPathText.hasScheme("s3://b"))
    #expect(UFSPathText.hasScheme("file:///x"))
    #expect(!UFSPathText.hasScheme("/s3/x"))
    #expect(!UFSPathText.hasScheme("file%3A%2F%2Fx"))
    #expect(!UFSPathText.hasScheme("://x"))
  }

  @Test("the name of a path is its last component")
  func namesPaths() {
    #expect(UFSPathText.name(of: "/s3/dir/p.bin") == "p.bin")
    #expect(UFSPathText.name(of: "/") == "")
  }
}
