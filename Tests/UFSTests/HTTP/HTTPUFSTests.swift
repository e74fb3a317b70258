import DaemonDriver
import FaultProxy
import Glibc
import HTTPWire
import Model
import Ring
import Testing

@testable import UFS

@Suite("A web server's files")
struct HTTPUFSTests {
  /// Bytes that tell their place.
  private static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
  }

  @Test("names are percent-coded, whatever they are made of")
  func names() async throws {
    try await Bench.run { () async throws in
      let folder = try await WebFolder.make()
      let names = [
        "a b.txt", "new&x=1", "a+b", "100%", "a%20b", "a#b", "q?x", "ü.txt", "日本", "\u{301}mark",
        "a\\b", "'\"", "~", "*", "a;b", "[x]", "d d/e e", "http:", "..a", "a:b/c",
      ]
      let subject = folder.subject(try folder.fileSystem())
      for (index, name) in names.enumerated() { try folder.put(name, [UInt8(index)]) }
      for (index, name) in names.enumerated() {
        #expect(try await subject.contents(name) == [UInt8(index)], "\(name)")
        #expect(try await subject.fileSystem.status(of: name).ufsPath.hasSuffix("/" + name))
      }
    }
  }

  @Test("a status is the code of what the server says, never not found for anything else")
  func statuses() async throws {
    try await Bench.run { () async throws in
      let statuses: [(Int, UFSError.Code)] = [
        (404, .notFound), (410, .notFound), (401, .denied), (403, .denied), (429, .throttled),
        (500, .unavailable), (502, .unavailable), (503, .unavailable), (504, .unavailable),
        (400, .denied), (414, .invalid), (501, .unsupported), (418, .io),
      ]
      let locations = statuses.map { "location = /\($0.0) { return \($0.0); }" }
      let folder = try await WebFolder.make(locations: locations.joined(separator: " "))
      let options = ["penstock.worker.ufs.attempts.max": "1"]
      let subject = folder.subject(try folder.fileSystem(options: options))
      for (status, code) in statuses {
        #expect(await subject.code { try await $0.status(of: "\(status)") } == code, "\(status)")
        #expect(await subject.code { try await $0.open("\(status)", expecting: nil) } == code)
      }
    }
  }

  @Test("a probe asks the server, and a refusal of all requests names what it may want")
  func probe() async throws {
    try await Bench.run { () async throws in
      let folder = try await WebFolder.make(locations: "location = / { return 400; }")
      let subject = folder.subject(try folder.fileSystem())
      #expect(try await subject.fileSystem.status(of: "").kind == .directory)
      let error = await #expect(throws: UFSError.self) { try await subject.fileSystem.probe() }
      #expect(error?.code == .denied)
      #expect(error?.description.contains("client.certificate") == true)
    }
  }

  @Test("what cannot be known or done is said to be so")
  func unsupported() async throws {
    try await Bench.run { () async throws in
      let folder = try await WebFolder.make(
        locations: "location /bare { etag off; add_header Last-Modified \"\"; }")
      try folder.put("bare", [1])
      try folder.put("d/f", [1])
      let subject = folder.subject(try folder.fileSystem())
      #expect(await subject.code { try await $0.status(of: "bare") } == .unsupported)
      #expect(await subject.code { try await $0.list("", UFSListing()) } == .unsupported)
      #expect(await subject.code { try await $0.walk("", UFSListing()) } == .unsupported)
      #expect(await subject.code { try await $0.create("x", .replacing) } == .unsupported)
      #expect(await subject.code { try await $0.delete("d/f", recursive: false) } == .unsupported)
      #expect(await subject.code { try await $0.touch("d/f") } == .unsupported)
      #expect(await subject.code { try await $0.status(of: "d/../bare") } == .escapesMount)
      #expect(await subject.code { try await $0.status(of: "d//f") } == .invalid)
      #expect(try await subject.fileSystem.status(of: "d").kind == .directory)
      #expect(await subject.code { try await $0.open("d", expecting: nil) } == .isDirectory)
    }
  }

  @Test("a server without ranges gives the whole from its start, and says so elsewhere")
  func noRanges() async throws {
    try await Bench.run { () async throws in
      let folder = try await WebFolder.make(locations: "max_ranges 0;")
      let bytes = Self.pattern(3 << 20)
      try folder.put("f", bytes)
      let subject = folder.subject(try folder.fileSystem())
      let reader = try await subject.fileSystem.open("f", expecting: nil)
      reader.announce(0..<Int64(bytes.count))
      for offset in stride(from: 0, to: bytes.count, by: 1 << 20) {
        let got = try await subject.read(reader, at: Int64(offset), 1 << 20).bytes
        #expect(got == Array(bytes[offset..<(offset + 1 << 20)]))
      }
      let near = try await subject.read(reader, at: 1000, 1000).bytes
      #expect(near == Array(bytes[1000..<2000]))
      let far = await subject.code { _ in try await subject.read(reader, at: 2 << 20, 1000) }
      #expect(far == .unsupported)
      await reader.close()
    }
  }

  @Test("redirects are followed within bounds, and the credential stays with its server")
  func redirects() async throws {
    try await Bench.run { () async throws in
      let far = "location / { if ($http_authorization) { return 403; } }"
      let folder = try await WebFolder.make(portCount: 2) { ports, files in
        """
        server { listen 127.0.0.1:\(ports[1]); root \(files); \(far) }
        """
      }
      try folder.put("f", [1, 2, 3])
      let port = folder.nginx.ports[1]
      let chained = try await WebFolder.make(
        locations: """
          location = /far { return 302 http://127.0.0.1:\(port)/f?x=1; }
          location = /near { return 307 /other; }
          location = /other { return 301 private; }
          location = /private { if ($http_authorization != "Bearer s3cret") { return 401; } }
          location = /loop { return 302 /loop; }
          location = /nowhere { return 302 ftp://127.0.0.1/; }
          """)
      try chained.put("private", [7])
      let file = chained.nginx.scratch.path("credential")
      try writeCredential("Bearer s3cret\n", to: file)
      let options = ["authorization.file": file]
      let subject = chained.subject(try chained.fileSystem(options: options))
      #expect(try await subject.contents("far") == [1, 2, 3])
      #expect(try await subject.contents("near") == [7])
      #expect(await subject.code { try await $0.status(of: "loop") } == .io)
      #expect(await subject.code { try await $0.status(of: "nowhere") } == .io)
      let open = chained.subject(try chained.fileSystem())
      #expect(await open.code { try await $0.status(of: "near") } == .denied)
      let strict = chained.subject(try chained.fileSystem(options: ["redirects": "0"]))
      #expect(await strict.code { try await $0.status(of: "far") } == .io)
    }
  }

  @Test("a redirect from https to http is refused, and nothing is asked there")
  func insecureRedirect() async throws {
    try await Bench.run { () async throws in
      let made = try TestCertificates()
      defer { withExtendedLifetime(made) {} }
      let (certificate, key) = (made.server.certificate, made.server.key)
      let plain = try await ScriptedStore { _ in ScriptedStore.reply("200 OK", body: "stolen") }
      let folder = try await WebFolder.make(portCount: 2) { ports, files in
        """
        server {
          listen 127.0.0.1:\(ports[1]) ssl; root \(files);
          ssl_certificate \(certificate); ssl_certificate_key \(key);
          location = /down { return 302 http://127.0.0.1:\(plain.port)/f; }
        }
        """
      }
      try folder.put("f", [1, 2, 3])
      let uri = "https://localhost:\(folder.nginx.ports[1])"
      let file = folder.nginx.scratch.path("credential")
      try writeCredential("Bearer s3cret\n", to: file)
      let subject = folder.subject(
        try mount(
          uri, ["ca.file": made.authority.certificate, "authorization.file": file]))
      #expect(try await subject.contents("f") == [1, 2, 3])
      do {
        _ = try await subject.fileSystem.status(of: "down")
        Issue.record("the redirect was followed")
      } catch let error as UFSError {
        #expect(error.code == .denied)
        #expect(error.cause == .rule(.insecureRedirect))
      }
      let reader = try await subject.fileSystem.open(
        "down", expecting: FileVersion(token: "\"e\"", length: 6))
      #expect(await subject.code { _ in try await subject.read(reader, at: 0, 6) } == .denied)
      #expect(plain.requests.isEmpty)
      // A certificate of nobody that is trusted: the server could not be asked, and asking again would not help.
      let stranger = folder.subject(try mount(uri, [:]))
      #expect(await stranger.code { try await $0.status(of: "f") } == .unavailable)
      let gets = (stranger.fileSystem as? HTTPUFS)?.gate.control.statistics ?? []
      #expect(gets.reduce(0) { $0 + $1.counts.retried } == 0)
    }
  }

  @Test(
    "a flow is healed from the byte reached",
    arguments: [
      Fault.resetBeforeHead, .closeBeforeHead, .resetAfterHead, .resetInBody(after: 700_001),
      .truncate(after: 1_500_000), .status(503), .status(429, retryAfter: 0), .status(500),
    ])
  func healed(fault: Fault) async throws {
    try await Bench.run { () async throws in
      let folder = try await WebFolder.make()
      let bytes = Self.pattern(4 << 20)
      try folder.put("f", bytes)
      let port = folder.nginx.ports[0]
      let proxy = try await Bench.pool.run {
        Result { try FaultProxy(originPort: port) }
      }.get()
      let subject = folder.subject(try folder.fileSystem(port: proxy.port))
      proxy.play(.first(2, fault) { $0.method == "GET" })
      let reader = try await subject.fileSystem.open("f", expecting: nil)
      reader.announce(0..<Int64(bytes.count))
      for offset in stride(from: 0, to: bytes.count, by: 1 << 20) {
        let got = try await subject.read(reader, at: Int64(offset), 1 << 20).bytes
        #expect(got == Array(bytes[offset..<(offset + 1 << 20)]), "\(offset)")
      }
      await reader.close()
      #expect(proxy.counters.requestsByMethod["GET"] == 3)
    }
  }

  @Test(
    "what does not fit the question is an error, never data",
    arguments: [
      (Fault.wrongRange(by: 1), UFSError.Code.io), (.wrongETag, .changed),
      (.wrongLength(by: 10), .io), (.status(412), .changed), (.status(404), .notFound),
    ])
  func misfits(fault: Fault, code: UFSError.Code) async throws {
    try await Bench.run { () async throws in
      let folder = try await WebFolder.make()
      try folder.put("f", Self.pattern(3 << 20))
      let port = folder.nginx.ports[0]
      let proxy = try await Bench.pool.run {
        Result { try FaultProxy(originPort: port) }
      }.get()
      let subject = folder.subject(try folder.fileSystem(port: proxy.port))
      let reader = try await subject.fileSystem.open("f", expecting: nil)
      proxy.play(.always(fault))
      let got = await subject.code { _ in
        try await subject.read(reader, at: 1 << 20, 1 << 20)
      }
      #expect(got == code)
      await reader.close()
    }
  }

  @Test("options are checked at the mount, and credentials in a URL are neither taken nor shown")
  func options() throws {
    let bad: [([String: String], String)] = [
      (["speed": "1"], "unknown option 'speed'"), (["redirects": "21"], "0 to 20"),
      (["verify": "maybe"], "true or false"), (["request.timeout": "soon"], "duration"),
      (["connections": "0"], "1 to 4096"), (["proxy": "a:b"], "host:port"),
      (["authorization.file": "/nonexistent"], "first line"),
      (["ca.file": "/nonexistent"], "PEM"),
    ]
    for (options, text) in bad {
      do throws(MountError) {
        _ = try mount("http://a/b", options)
        Issue.record("\(options) was taken")
      } catch {
        #expect(error.description.contains(text), "\(error)")
      }
    }
    for uri in ["http://user:s3cret@a/b", "http://a:b/c", "http://a:0/c"] {
      do throws(MountError) {
        _ = try mount(uri, [:])
        Issue.record("\(uri) was taken")
      } catch {
        #expect(!error.description.contains("s3cret"))
      }
    }
    #expect(try mount("https://A.example/b/", ["redirects": "3"]).rootURI == "https://A.example/b")
  }

  @Test("versions made of whole seconds settle some seconds later, others at once")
  func settling() throws {
    let ufs = try mount("http://a", [:])
    let second: Int64 = 1_000_000_000
    #expect(ufs.settleTime(of: FileVersion(token: "\"abc\"", length: 3)) == .min)
    #expect(ufs.settleTime(of: FileVersion(token: "modified-100", length: 3)) == 107 * second)
    #expect(ufs.settleTime(of: FileVersion(token: "\"64-3\"", length: 3)) == 107 * second)
    #expect(ufs.settleTime(of: FileVersion(token: "\"64-4\"", length: 3)) == .min)
    #expect(ufs.settleTime(of: FileVersion(token: "\"7fffffffffffffff-3\"", length: 3)) == .max)
  }

  private func mount(_ uri: String, _ options: [String: String]) throws(MountError) -> HTTPUFS {
    let environment: UFSEnvironment
    let parsed: UFSURI
    do {
      environment = try Bench.environment()
      parsed = try UFSURI(parsing: uri)
    } catch {
      throw MountError(.malformed, mount: uri)
    }
    return try HTTPUFS(
      parsed, MountSpecification(alluxioPath: "/web", uri: uri, options: options),
      environment)
  }

  private func writeCredential(_ text: String, to path: String) throws {
    let fd = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
    try #require(fd >= 0)
    defer { close(fd) }
    let bytes = Array(text.utf8)
    try #require(unsafe write(fd, bytes, bytes.count) == bytes.count)
  }
}
