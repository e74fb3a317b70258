import Testing

@testable import UFS

@Suite("Paths are taken apart by bytes")
struct PathTextTests {
  @Test("components, parents and names")
  func parts() {
    #expect(pathComponents("a/b") == ["a", "b"])
    #expect(pathComponents("") == [""])
    #expect(pathComponents("a//b/") == ["a", "", "b", ""])
    #expect(joinPath("", "a") == "a")
    #expect(joinPath("a", "") == "a")
    #expect(joinPath("a", "b") == "a/b")
    #expect(splitPath("") == nil)
    #expect(splitPath("a")?.directory == "")
    #expect(splitPath("a/b/c").map { [$0.directory, $0.name] } == ["a/b", "c"])
    #expect(withoutTrailingSlashes("a//") == "a")
    #expect(withoutTrailingSlashes("///") == "")
  }

  @Test("a combining mark after a slash begins a name")
  func marks() {
    #expect(pathComponents("a/\u{301}b").count == 2)
    #expect(splitPath("a/\u{301}b")?.directory == "a")
    #expect(pathBelow("a", "a/\u{301}b")?.utf8.count == 3)
  }

  @Test("two spellings of a letter are two names")
  func spellings() {
    #expect(!isSameText("caf\u{e9}", "cafe\u{301}"))
    #expect(pathBelow("caf\u{e9}", "cafe\u{301}/x") == nil)
  }

  @Test("each rule is found")
  func rules() {
    let cases: [(String, PathRule?)] = [
      ("", nil), ("a/b", nil), ("...", nil), ("a/..b", nil), ("a//b", .emptyComponent),
      ("/a", .emptyComponent), ("a/", .emptyComponent), (".", .dot), ("a/../b", .dotDot),
      ("a\u{0}", .nul), (String(repeating: "x", count: 255), nil),
      (String(repeating: "ü", count: 128), .nameTooLong),
      (String(repeating: "a/", count: 2048) + "a", .pathTooLong),
      (LocalPath.temporaryPrefix + "x", .reserved),
    ]
    for (path, rule) in cases { #expect(LocalPath.brokenRule(path) == rule) }
  }
}
