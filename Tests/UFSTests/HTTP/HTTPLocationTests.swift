import HTTPWire
import Testing

@testable import UFS

@Suite("Where redirects lead")
struct HTTPLocationTests {
  @Test(
    "a reference is worked out from where it was given",
    arguments: [
      ("http://b/x", "http://b", "/x"), ("HTTPS://b:444/x?y#z", "https://b:444", "/x?y"),
      ("//b/x", "https://b", "/x"), ("/x", "https://a", "/x"), ("x", "https://a", "/p/q/x"),
      ("../x", "https://a", "/p/x"), ("./", "https://a", "/p/q/"), ("..", "https://a", "/p/"),
      ("../../../../x", "https://a", "/x"), ("?y", "https://a", "/p/q/r?y"),
      ("/a/./b/../c?d=../e", "https://a", "/a/c?d=../e"), ("http://b", "http://b", "/"),
      ("http://b?x", "http://b", "/?x"), ("/a b/é", "https://a", "/a%20b/%C3%A9"),
      ("/a%20b", "https://a", "/a%20b"),
    ])
  func resolves(reference: String, origin: String, target: String) throws {
    let here = HTTPLocation(
      origin: HTTPOrigin(isSecure: true, host: "a"), target: "/p/q/r?old=1")
    let there = try #require(here.resolved(reference))
    #expect(there.origin.description == origin)
    #expect(there.target == target)
  }

  @Test(
    "what is no http URL leads nowhere",
    arguments: ["", "ftp://b/x", "mailto:a", "http:x", "http://", "http://u@b/", "http://b:99999/"])
  func nowhere(reference: String) {
    let here = HTTPLocation(origin: HTTPOrigin(isSecure: true, host: "a"), target: "/")
    #expect(here.resolved(reference) == nil)
  }
}
