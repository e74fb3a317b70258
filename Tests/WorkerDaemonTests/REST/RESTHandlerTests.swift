// The REST API against a real read path, over a socket: requests as the clients send them (compat §2.4, §2.9).

import DaemonDriver
import Model
import Testing
import WorkerDaemon

@Suite struct RESTHandlerTests {
  /// Names that URLs, forms and shells misread.
  static let oddNames = [
    "plain.bin", "a b.txt", "a&b=c", "new&x=1", "a+b", "100% sure", "ü ö", "日本", "a?b", "a;b",
    "a'(b)!",
    "a%20b", "a %20b",
  ]

  @Test("node answers 200 with host and port for any path, found or not, legal or not")
  func node() async throws {
    try await RESTFixture.run { rest in
      let client = try rest.connect()
      for path in ["file:///nowhere", "s3://bkt/a%20b", "", "%ff", "../.."] {
        let response = try client.request("GET", "/v1/node?path=\(path)")
        #expect(response.status == 200)
        #expect(response.text == #"{"Host":"127.0.0.1","HttpServerPort":28080}"#)
      }
      #expect(try client.request("GET", "/v1/node").status == 200)
      #expect(try client.request("GET", "/v1/health").text == "worker is active")
    }
  }

  @Test("files lists direct children only; a file lists itself; a missing directory is 404")
  func files() async throws {
    try await RESTFixture.run { rest in
      rest.write("d/one.bin", count: 10)
      rest.write("d/sub/two.bin", count: 20)
      let client = try rest.connect()
      let listing = try client.request("GET", "/v1/files?path=\(rest.form("d"))")
      #expect(listing.status == 200)
      #expect(listing.text.contains(#""mName":"one.bin""#))
      #expect(listing.text.contains(#""mType":"directory","mName":"sub","mPath":"/d/sub""#))
      #expect(!listing.text.contains("two.bin"))
      let file = try client.request("GET", "/v1/files?path=\(rest.form("d/one.bin"))")
      #expect(file.text.contains(#""mLength":10,"#))
      let slash = try client.request("GET", "/v1/files?path=\(rest.form("d/"))")
      #expect(slash.text == listing.text)
      #expect(try client.request("GET", "/v1/files?path=\(rest.form("no"))").status == 404)
      rest.makeDirectory("empty")
      #expect(try client.request("GET", "/v1/files?path=\(rest.form("empty"))").text == "[]")
    }
  }

  @Test("a missing file on info is 500, and 404 for a client that asked for the mounts lately")
  func missingInfo() async throws {
    try await RESTFixture.run { rest in
      rest.write("here", count: 3)
      let old = try rest.connect()
      let new = try rest.connect(from: 0x7f00_0002)
      let mounts = try new.request("GET", "/v1/ufsInfo")
      #expect(mounts.text == #"{"\#(rest.rootURI)":{"alluxio_path":"/"}}"#)
      #expect(try old.request("GET", "/v1/info?path=\(rest.form("no"))").status == 500)
      #expect(try new.request("GET", "/v1/info?path=\(rest.form("no"))").status == 404)
      let info = try old.request("GET", "/v1/info?path=\(rest.form("here"))")
      #expect(info.status == 200)
      #expect(info.text.hasPrefix(#"[{"mType":"file","mName":"here","mPath":"/here","#))
      #expect(try old.request("GET", "/v1/info?path=file%3A%2F%2F%2Fetc%2Fpasswd").status == 403)
      #expect(try old.request("GET", "/v1/info").status == 400)
    }
  }

  @Test("a whole file is read back byte by byte under every odd name", arguments: oddNames)
  func readsOddNames(name: String) async throws {
    try await RESTFixture.run { rest in
      let bytes = rest.write(name, count: 3_000_000)
      let client = try rest.connect()
      let target = "/v1/chunk/\(rest.id(name))?ufsFullPath=\(rest.pasted(name))&chunkSize=1048576"
      let cold = try client.request("GET", target, headers: [("transfer-type", "chunked")])
      #expect(cold.status == 200)
      #expect(cold.body == bytes)
      #expect(cold.headers["etag"] != nil)
      #expect(try client.request("GET", target).body == bytes)
      let head = try client.request("HEAD", target)
      #expect(head.headers["content-length"] == "3000000")
      let info = try client.request("GET", "/v1/info?path=\(rest.form(name))")
      #expect(info.text.contains(#""mLength":3000000,"#))
    }
  }

  @Test(
    "an upload without length is there, whole, when it is answered, under every odd name",
    arguments: oddNames)
  func uploads(name: String) async throws {
    try await RESTFixture.run { rest in
      let bytes = rest.bytes(700_000)
      let client = try rest.connect()
      let target = "/v1/chunk/\(rest.id(name))?ufsFullPath=\(rest.pasted(name))&chunkSize=1048576"
      let response = try rest.upload(bytes, to: target, by: client, pieces: [1, 4096, 70_000])
      #expect(response.status == 200)
      #expect(response.text == #"{"success":true,"message":""}"#)
      #expect(rest.read(name) == bytes)
      let shorter = Array(bytes.prefix(5))
      #expect(try rest.upload(shorter, to: target, by: client, pieces: [5]).status == 200)
      #expect(try client.request("GET", target).body == shorter)
      #expect(rest.names() == [name])
    }
  }

  @Test("an upload makes the directories above it; a broken one leaves the old file")
  func uploadsSafely() async throws {
    try await RESTFixture.run { rest in
      let name = "x/y/z.bin"
      let target = "/v1/chunk/-?ufsFullPath=\(rest.pasted(name))&chunkSize=1"
      let client = try rest.connect()
      #expect(try rest.upload([1, 2, 3], to: target, by: client, pieces: [3]).status == 200)
      do {
        let broken = try rest.connect()
        try broken.send(
          "POST \(target) HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
        broken.finishSending()
        // The server ends the connection with a reset or without a word; either is no success.
        _ = try? broken.receiveToEnd()
      }
      #expect(rest.read(name) == [1, 2, 3])
      #expect(try client.request("GET", target).body == [1, 2, 3])
      #expect(rest.names("x/y") == ["z.bin"])
    }
  }

  @Test("ranges, pages, heads and tails are clamped to the file")
  func readsParts() async throws {
    try await RESTFixture.run { rest in
      let bytes = rest.write("f", count: 2_500_000)
      let client = try rest.connect()
      let path = "ufsFullPath=\(rest.pasted("f"))"
      let id = rest.id("f")
      func body(_ target: String) throws -> [UInt8] {
        let response = try client.request("GET", target)
        #expect(response.status == 200, "\(target)")
        return response.body
      }
      #expect(try body("/v1/range/\(id)?\(path)&offset=5&length=9") == Array(bytes[5..<14]))
      #expect(try body("/v1/range/\(id)?\(path)&offset=2499999&length=9") == [bytes[2_499_999]])
      #expect(try body("/v1/range/\(id)?\(path)&offset=2500000&length=9") == [])
      #expect(
        try body("/v1/range/\(id)?\(path)&offset=1000000&length=9223372036854775807")
          == Array(bytes[1_000_000...]))
      #expect(try body("/v1/head/\(id)?\(path)&numOfBytes=3") == Array(bytes.prefix(3)))
      #expect(try body("/v1/head/\(id)?\(path)") == Array(bytes.prefix(1024)))
      #expect(try body("/v1/tail/\(id)?\(path)&numOfBytes=1kb") == Array(bytes.suffix(1024)))
      #expect(try body("/v1/tail/\(id)?\(path)&numOfBytes=99999999") == bytes)
      let page = 1 << 20
      #expect(try body("/v1/file/\(id)/page/0?\(path)") == Array(bytes[..<page]))
      #expect(try body("/v1/file/\(id)/page/2?\(path)") == Array(bytes[(2 * page)...]))
      #expect(try body("/v1/file/\(id)/page/3?\(path)") == [])
      #expect(
        try body("/v1/file/\(id)/page/1?offset=7&length=11&\(path)")
          == Array(bytes[(page + 7)..<(page + 18)]))
      #expect(try body("/v1/file/\(id)/page/1") == Array(bytes[page..<(2 * page)]))
      #expect(
        try client.request("GET", "/v1/file/\(Digest256(of: "?").hex)/page/0").status == 404)
      let part = try client.request(
        "GET", "/v1/chunk/\(id)?\(path)&chunkSize=1", headers: [("Range", "bytes=1-2")])
      #expect(part.status == 206)
      #expect(part.body == Array(bytes[1...2]))
    }
  }

  @Test(
    "numbers that cannot be are 400 and name the parameter",
    arguments: [
      ("/v1/range/-?U&offset=-1&length=1", "offset"),
      ("/v1/range/-?U&offset=0&length=9223372036854775808", "length"),
      ("/v1/head/-?U&numOfBytes=-5", "numOfBytes"),
      ("/v1/tail/-?U&numOfBytes=99999999999999999999", "numOfBytes"),
      ("/v1/file/-/page/-1?U", "page index"),
      ("/v1/file/-/page/9223372036854775807?U", "page index"),
    ])
  func refusesNumbers(target: String, name: String) async throws {
    try await RESTFixture.run { rest in
      rest.write("f", count: 10)
      let client = try rest.connect()
      let parts = target.split(separator: "U", maxSplits: 1).map(String.init)
      let whole = parts[0] + "ufsFullPath=\(rest.pasted("f"))" + (parts.count > 1 ? parts[1] : "")
      let response = try client.request("GET", whole)
      #expect(response.status == 400)
      #expect(response.text.contains(name))
      #expect(response.text.hasPrefix(#"{"message":""#))
      #expect(try client.request("GET", "/v1/health").status == 200)
    }
  }

  @Test("a page is written through at its place, and the next read has it")
  func storesPages() async throws {
    try await RESTFixture.run { rest in
      var bytes = rest.write("f", count: 2_500_000)
      let client = try rest.connect()
      let target = "/v1/file/\(rest.id("f"))/page/1?ufsFullPath=\(rest.pasted("f"))"
      let chunk = "/v1/chunk/\(rest.id("f"))?ufsFullPath=\(rest.pasted("f"))&chunkSize=1"
      #expect(try client.request("GET", chunk).body == bytes)
      let page = rest.bytes(1 << 20, seed: 7)
      let response = try client.request("POST", target, body: page)
      #expect(response.text == #"{"success":true,"message":""}"#)
      bytes.replaceSubrange((1 << 20)..<(2 << 20), with: page)
      #expect(rest.read("f") == bytes)
      #expect(try client.request("GET", chunk).body == bytes)
      let tooLarge = try rest.connect().request("POST", target, body: rest.bytes((1 << 20) + 1))
      #expect(tooLarge.status == 413)
      #expect(rest.read("f") == bytes)
    }
  }

  @Test("mkdir, touch, mv and copy change the UFS, and taken names are 409")
  func changes() async throws {
    try await RESTFixture.run { rest in
      let client = try rest.connect()
      func post(_ endpoint: String, _ name: String, _ query: String = "") throws -> Int {
        try client.request(
          "POST", "/v1/\(endpoint)/\(rest.id(name))?ufsFullPath=\(rest.pasted(name))\(query)",
          headers: [("Content-Length", "0")]
        ).status
      }
      func pair(_ endpoint: String, _ from: String, _ to: String, _ query: String = "") throws
        -> Int
      {
        try client.request(
          "POST",
          "/v1/\(endpoint)/\(rest.id(from))?srcPath=\(rest.pasted(from))&dstPath=\(rest.pasted(to))\(query)",
          headers: [("Content-Length", "0")]
        ).status
      }
      #expect(try post("mkdir", "d1/d2") == 200)
      #expect(try post("mkdir", "d1/d2") == 200)
      #expect(try post("mkdir", "e1/e2", "&exists=False&recursive=False") == 404)
      #expect(try post("touch", "d1/d2/t") == 200)
      #expect(rest.read("d1/d2/t") == [])
      let bytes = rest.write("a & b", count: 100)
      #expect(try pair("mv", "a & b", "d1/c + d") == 200)
      #expect(rest.read("d1/c + d") == bytes)
      #expect(rest.read("a & b") == nil)
      #expect(try pair("mv", "a & b", "x") == 404)
      #expect(try pair("mv", "d1/d2/t", "d1/c + d") == 409)
      let flags = "&recursive=False&recursiveAlias=False&forced="
      #expect(try pair("copy", "d1/c + d", "copy", flags + "False") == 200)
      #expect(try pair("copy", "d1/d2/t", "copy", flags + "False") == 409)
      #expect(rest.read("copy") == bytes)
      #expect(try pair("copy", "d1/d2/t", "copy", flags + "True") == 200)
      #expect(rest.read("copy") == [])
      #expect(
        try pair("copy", "d1", "d3", "&recursive=True&recursiveAlias=False&forced=False") == 200)
      #expect(rest.read("d3/c + d") == bytes)
      #expect(try client.request("GET", "/v1/info?path=\(rest.form("d3/c + d"))").status == 200)
    }
  }

  @Test("what changes a file through this worker is seen by the very next question")
  func invalidates() async throws {
    try await RESTFixture.run { rest in
      let bytes = rest.write("f", count: 50)
      let client = try rest.connect()
      func status(_ name: String) throws -> Int {
        try client.request("GET", "/v1/files?path=\(rest.form(name))").status
      }
      let query = "srcPath=\(rest.pasted("f"))&dstPath=\(rest.pasted("g"))"
      #expect(try status("f") == 200)
      #expect(try status("g") == 404)
      #expect(try client.request("POST", "/v1/mv/\(rest.id("f"))?\(query)").status == 200)
      #expect(try status("f") == 404)
      #expect(try status("g") == 200)
      let target = "/v1/chunk/\(rest.id("g"))?ufsFullPath=\(rest.pasted("g"))&chunkSize=1"
      #expect(try client.request("GET", target).body == bytes)
      let remove = "/v1/rm/\(rest.id("g"))?ufsFullPath=\(rest.pasted("g"))&recursive=False"
      #expect(try client.request("POST", remove).status == 200)
      #expect(try status("g") == 404)
      #expect(try client.request("GET", target).status == 404)
      #expect(try client.request("POST", remove).status == 404)
    }
  }

  @Test("rm of the cache alone leaves the UFS alone, under the flag's own name and under 1.1.17's")
  func removesFromTheCacheAlone() async throws {
    try await RESTFixture.run { rest in
      let bytes = rest.write("d/f", count: 50)
      let client = try rest.connect()
      func remove(_ name: String, recursive: Bool, sync: Bool, only: Bool) throws -> Int {
        try client.request(
          "POST",
          "/v1/rm/\(rest.id(name))?ufsFullPath=\(rest.pasted(name))&recursive=\(recursive ? "True" : "False")"
            + "&recursiveAlias=False&sync_parent_next_time=\(sync ? "True" : "False")"
            + "&remove_unchecked_option=False&remove_alluxio_only=\(only ? "True" : "False")"
            + "&delete_mount_point=False"
        ).status
      }
      #expect(try remove("d/f", recursive: false, sync: false, only: true) == 200)
      #expect(try remove("d/f", recursive: false, sync: true, only: false) == 200)
      #expect(try remove("d", recursive: true, sync: true, only: false) == 200)
      #expect(rest.read("d/f") == bytes)
      #expect(try remove("d", recursive: false, sync: false, only: false) == 409)
      #expect(try remove("d", recursive: true, sync: false, only: false) == 200)
      #expect(rest.read("d/f") == nil)
      #expect(try remove("", recursive: true, sync: false, only: false) == 403)
    }
  }

  @Test("a name cut off at '#' changes nothing")
  func refusesCutNames() async throws {
    try await RESTFixture.run { rest in
      let bytes = rest.write("a", count: 5)
      rest.write("a#b", count: 5)
      let client = try rest.connect()
      let response = try client.request(
        "POST", "/v1/rm/\(rest.id("a#b"))?ufsFullPath=\(rest.pasted("a"))&recursive=False")
      #expect(response.status == 400)
      #expect(rest.read("a") == bytes)
    }
  }

  @Test("methods, endpoints and paths outside the mounts are told apart")
  func refuses() async throws {
    try await RESTFixture.run { rest in
      let client = try rest.connect()
      let method = try client.request("GET", "/v1/mkdir/-?ufsFullPath=\(rest.pasted("d"))")
      #expect(method.status == 405)
      #expect(method.headers["allow"] == "POST")
      let unknown = try client.request("GET", "/v1/inof?path=x")
      #expect(unknown.status == 404)
      #expect(unknown.text.contains("/v1/info"))
      for path in ["file:///etc/passwd", rest.pasted("../x"), "s3://other/x"] {
        #expect(
          try client.request("GET", "/v1/chunk/-?ufsFullPath=\(path)&chunkSize=1").status == 403)
        #expect(try client.request("POST", "/v1/touch/-?ufsFullPath=\(path)").status == 403)
      }
      #expect(try client.request("GET", "/v1/chunk/-").status == 400)
      rest.makeDirectory("d")
      #expect(
        try client.request("GET", "/v1/chunk/-?ufsFullPath=\(rest.pasted("d"))&chunkSize=1").status
          == 400)
    }
  }

  @Test("a load is submitted, runs to SUCCEEDED, and says so as text and as JSON")
  func loads() async throws {
    try await RESTFixture.run { rest in
      rest.write("d/one", count: 3_000_000)
      rest.write("d/sub/two & three", count: 1)
      let client = try rest.connect()
      let path = rest.form("d/")
      func load(_ query: String) throws -> HTTPResponse {
        try client.request("GET", "/v1/load?path=\(path)&\(query)")
      }
      #expect(try load("opType=progress&verbose=true").status == 404)
      let submit = try load("opType=submit&verbose=true")
      #expect(submit.status == 200)
      #expect(submit.text.hasPrefix(#"{"success":true,"jobId":""#))
      #expect(submit.text.contains("is successfully submitted. JobId: "))
      var progress = try load("opType=progress&verbose=true")
      while progress.text.contains(#""jobState":"RUNNING""#) {
        progress = try load("opType=progress&verbose=true")
      }
      #expect(progress.text.hasPrefix(#"{"jobState":"SUCCEEDED","path":"\#(rest.uri("d/"))","#))
      #expect(progress.text.contains(#"\tInodes Scanned: 2\n"#))
      #expect(progress.text.hasSuffix(#","respProperties":{}}"#))
      let json = try load("opType=progress&progressFormat=JSON")
      #expect(json.text.contains(#"\"mLoadedByteCount\":3000001"#))
      let stop = try load("opType=stop")
      #expect(stop.text.contains(#""success":false"#))
      #expect(try load("opType=dance").status == 400)
      #expect(try load("opType=submit&fileFilterRegx=%28").status == 400)
      #expect(
        try client.request("GET", "/v1/load?path=\(rest.form("no"))&opType=submit").status == 404)
      let info = try client.request("GET", "/v1/info?path=\(rest.form("d/one"))")
      #expect(info.text.contains(#""mInAlluxioPercentage":100"#))
    }
  }
}
