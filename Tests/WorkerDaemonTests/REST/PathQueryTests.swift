// Which path a request means: compat §2.3, §2.4 (captured requests) and §3 (exact ids).

import Model
import Testing
import WorkerDaemon

@Suite struct PathQueryTests {
  /// The ids of compat §3.
  static let ids: [(path: String, id: String)] = [
    ("s3://bkt", "2311bf4a858c2f742ef6a47fcb2a26c228b97932b343bdc853ecbf55c9bb3549"),
    ("s3://bkt/dir/", "c07e7a5431238f94c1783d61cfbb3b8111cce8695b40a8282f21ebe1e15e1678"),
    ("s3://bkt/dir/p.bin", "aaa2e9210cf320ec43bf9356714e599354c433dc1f261193ea31c36f8f3e2fa6"),
    ("s3a://bkt/dir/p.bin", "b8168ec8760b05a6963fb364d8bf7773b6d89e576c99cfcc902b3b031636f026"),
    ("s3://bkt/dir/a b.txt", "b839f23a11b2015a8beb79c353124db3db4c2939f7bb38dac957050f0fa3ab40"),
    ("s3://bkt/dir/a%20b.txt", "febda2b10e79dd25b79939359d7c1a1af44507857cf6f78d661d7477c15a10a3"),
    ("s3://bkt/dir/ü.txt", "3b054c3934af86d1e07b45d56641d315bb1c949e02594cdc8aa21ec8854c638a"),
    ("s3://bkt/dir/new&x=1", "e0267feda2619ecdcaa445c9bf8b6aa56853360e68f189c22c45e4f616b0fbb8"),
    ("s3://bucket/a.txt", "e67b7b993c608a4ed7a7acb69ada26b4bbcfc98db96795b064d4f453bd1fb81f"),
  ]

  private func pasted(
    _ query: String, _ endpoint: RESTEndpoint = .chunk, id: String
  ) throws(RESTProblem) -> PathQuery? {
    try PathQuery.pasted(
      Array(query.utf8)[...], for: RESTRoute(endpoint: endpoint, id: id, pageIndex: ""))
  }

  private func id(_ path: String) -> String { Digest256(of: path).hex }

  /// What the clients' HTTP library makes of a pasted name: escapes what must be, keeps `%XX` and reserved bytes.
  private func requoted(_ name: String) -> String {
    let safe = Set("!#$%&'()*+,/:;=?@[]~-._".utf8)
    return name.utf8.map { byte in
      let isWord =
        Character(UnicodeScalar(byte)).isASCII && byte < 0x80
        && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber)
      if isWord || safe.contains(byte) { return String(UnicodeScalar(byte)) }
      return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }

  @Test("ids are the digests of the exact path", arguments: ids)
  func idsAreDigests(path: String, id: String) {
    #expect(Digest256(of: path).hex == id)
  }

  @Test("each path of compat §3 is found from what 1.1.17 sends", arguments: ids)
  func findsWhatNewestStableSends(path: String, id: String) throws {
    let query = try #require(
      try pasted("ufsFullPath=\(requoted(path))&chunkSize=1048576", id: id))
    #expect(query.path.path == UFSPathText.normalised(path))
    #expect(query.parameters.text("chunkSize") == "1048576")
  }

  @Test(
    "names that a URL would misread survive both kinds of clients",
    arguments: [
      "a b", "a&b", "a&chunkSize=5", "a&x=1&y=2", "a=b", "a+b", "100%", "100% sure", "50%off",
      "ü ö",
      "a?b", "a;b", "日本/テスト", "a'b(c)!", "=&=&", "&", "a&&b", "x&recursive=True",
    ])
  func survives(name: String) throws {
    let path = "s3://bkt/dir/" + name
    let plain = try #require(
      try pasted("ufsFullPath=\(requoted(path))&chunkSize=1048576", id: id(path)))
    #expect(Array(plain.path.path.utf8) == Array(path.utf8))

    // Escaped first, hashed as escaped: the other reading is the file.
    let escaped = "s3://bkt/dir/" + PathCoding.encodePath(name)
    let later = try #require(
      try pasted("ufsFullPath=\(escaped)&chunkSize=1048576", id: id(escaped)))
    #expect(Array(later.path.fromEscapingClient.path.utf8) == Array(path.utf8))
    // Escaped first, hashed as it is.
    let head = try #require(
      try pasted("ufsFullPath=\(escaped)&chunkSize=1048576", id: id(path)))
    #expect(Array(head.path.path.utf8) == Array(path.utf8))
  }

  @Test(
    "a name with a literal escape and a space is told apart by its id",
    arguments: ["a %20b", "50%25 off", "ü%20 x", "a%20b c%20d"])
  func findsMixedNames(name: String) throws {
    let path = "s3://bkt/" + name
    let query = try #require(
      try pasted("ufsFullPath=\(requoted(path))&chunkSize=1", id: id(path)))
    #expect(query.path.path == path)
  }

  @Test("a literal %20 stays for 1.1.17 and is a space for clients that escape before they hash")
  func tellsLiteralEscapes() throws {
    let path = "s3://bkt/dir/a%20b.txt"
    let query = try #require(try pasted("ufsFullPath=\(path)&chunkSize=1", id: id(path)))
    #expect(query.path.path == path)
    #expect(query.path.isAmbiguous)
    #expect(query.path.fromEscapingClient.path == "s3://bkt/dir/a b.txt")
    #expect(query.path.fromEscapingClient.alternative == path)
  }

  @Test("a name cut off at '#' is refused: it would be another file")
  func refusesCutNames() {
    #expect(throws: RESTProblem.self) {
      try pasted("ufsFullPath=s3://bkt/a", .rm, id: id("s3://bkt/a#b"))
    }
    do {
      _ = try pasted("ufsFullPath=s3://bkt/a", .rm, id: id("s3://bkt/a#b"))
    } catch {
      #expect(error.status == 400)
      #expect(error.message.contains("ufsFullPath"))
    }
  }

  @Test("an id that is no digest is not checked: the path is decoded once")
  func leavesOtherIDsUnchecked() throws {
    let query = try #require(try pasted("ufsFullPath=s3://bkt/a%20b&x=1&chunkSize=4", id: "abc"))
    #expect(query.path.path == "s3://bkt/a b&x=1")
    #expect(!query.path.isAmbiguous)
    #expect(query.parameters.text("chunkSize") == "4")
  }

  @Test("the client's own scheme is taken off, hashed with it or without")
  func takesOffClientScheme() throws {
    let with = "alluxiofs://s3://bkt/a"
    for hashed in [with, "s3://bkt/a"] {
      let query = try #require(try pasted("ufsFullPath=\(with)&chunkSize=1", id: id(hashed)))
      #expect(query.path.path == "s3://bkt/a")
    }
  }

  @Test("parameters before the path count, and unknown ones after it are left alone")
  func readsOtherOrders() throws {
    let path = "s3://bkt/p"
    let page = try #require(
      try pasted("offset=5&length=9&ufsFullPath=\(path)", .page, id: id(path)))
    #expect(page.path.path == path)
    #expect(try page.parameters.count("offset") == 5)
    #expect(try page.parameters.count("length") == 9)
    let unknown = try #require(try pasted("ufsFullPath=\(path)&chunkSize=1&foo=2", id: id(path)))
    #expect(unknown.path.path == path)
    let unchecked = try #require(try pasted("ufsFullPath=\(path)&chunkSize=1&foo=2", id: "-"))
    #expect(unchecked.path.path == path)
  }

  @Test("rm as 1.1.17 sends it keeps its flags apart from a name full of ampersands")
  func readsRemoval() throws {
    let path = "s3://bkt/new&recursive=x&y"
    let query = try #require(
      try pasted(
        "ufsFullPath=\(path)&recursive=True&recursiveAlias=False&sync_parent_next_time=False"
          + "&remove_unchecked_option=False&remove_alluxio_only=True&delete_mount_point=False",
        .rm, id: id(path)))
    #expect(query.path.path == path)
    #expect(try query.parameters.boolean("recursive"))
    #expect(try query.parameters.boolean("remove_alluxio_only"))
    #expect(try !query.parameters.boolean("sync_parent_next_time"))
  }

  @Test("mv splits at the dstPath that the id confirms; copy keeps its flags")
  func readsPairs() throws {
    let route = RESTRoute(endpoint: .mv, id: id("s3://b/x&dstPath=y"), pageIndex: "")
    let move = try PathQuery.pair(
      Array("srcPath=s3://b/x&dstPath=y&dstPath=s3://b/z%20&w+".utf8)[...], for: route)
    #expect(move.path.path == "s3://b/x&dstPath=y")
    #expect(move.destination == "s3://b/z &w+")
    let copy = try PathQuery.pair(
      Array(
        "srcPath=s3://b/x&dstPath=s3://b/y&q=1&recursive=False&recursiveAlias=False&forced=True"
          .utf8)[...],
      for: RESTRoute(endpoint: .copy, id: id("s3://b/x"), pageIndex: ""))
    #expect(copy.path.path == "s3://b/x")
    #expect(copy.destination == "s3://b/y&q=1")
    #expect(try copy.parameters.boolean("forced"))
    #expect(throws: RESTProblem.self) {
      try PathQuery.pair(Array("srcPath=s3://b/x".utf8)[...], for: route)
    }
  }

  @Test(
    "form-encoded paths are decoded as forms, with one more decoding in reserve",
    arguments: [
      ("path=s3%3A%2F%2Fbkt%2Fdir", "s3://bkt/dir", nil as String?),
      ("path=s3%3A%2F%2Fbkt%2Fdir%2Fa+b.txt", "s3://bkt/dir/a b.txt", nil),
      ("path=s3%3A%2F%2Fbkt%2Fdir%2F&opType=submit&verbose=true", "s3://bkt/dir", nil),
      ("path=s3%3A%2F%2Fbkt%2Fa%2520b.txt", "s3://bkt/a%20b.txt", "s3://bkt/a b.txt"),
      ("path=s3%3A%2F%2Fbkt%2Fa%2Bb%26c", "s3://bkt/a+b&c", nil),
      ("path=alluxiofs%3A%2F%2Fs3%3A%2F%2Fbkt%2Fx", "s3://bkt/x", nil),
      ("path=file:///data/x", "file:///data/x", nil),
    ])
  func readsForms(query: String, path: String, alternative: String?) throws {
    let parsed = try PathQuery.form(Array(query.utf8)[...])
    #expect(parsed.path.path == path)
    #expect(parsed.path.alternative == alternative)
  }

  @Test(
    "a missing, empty or unreadable path is 400 by name",
    arguments: ["", "path=", "x=1", "path=%ff"])
  func refusesNoPath(query: String) {
    #expect(throws: RESTProblem.self) { try PathQuery.form(Array(query.utf8)[...]) }
  }

  @Test("a query of nothing but ampersands costs a bounded number of digests")
  func boundsSplits() throws {
    let query = "ufsFullPath=" + String(repeating: "&a%20", count: 2000)
    #expect(throws: RESTProblem.self) { try pasted(query, id: id("x")) }
    let split = try #require(
      PastedQuery(Array(query.utf8)[...], key: "ufsFullPath", trailing: ["chunkSize"]))
    #expect(split.ends.count == PastedQuery.endCountMax)
  }
}
