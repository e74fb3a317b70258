import Glibc
import HTTPWire
import Model
import Ring
import Synchronization
import Testing

@testable import UFS

@Suite("Refusals of a store teach where, when and who, and mean what they say")
struct S3RequesterTests {
  private typealias Store = ScriptedStore

  /// Asks a scripted store for a file's status.
  private func status(
    _ options: [String: String] = [:], variables: [String: String] = [:], store: ScriptedStore
  ) async throws -> FileStatus {
    try await Bench.run {
      let fileSystem = try S3Bench.fileSystem(
        "s3://bkt", port: store.port, options, variables: variables)
      return try await fileSystem.status(of: "f")
    }
  }

  private func code(
    _ options: [String: String] = [:], of store: ScriptedStore
  ) async -> UFSError.Code? {
    do {
      _ = try await status(options, store: store)
      return nil
    } catch {
      return (error as? UFSError)?.code
    }
  }

  @Test("another region is learnt from a refusal, once for all requests")
  func region() async throws {
    let store = try await Store { request in
      request.fields["authorization"]?.contains("/eu-central-1/") == true
        ? Store.head
        : "HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-central-1\r\nContent-Length: 9\r\n\r\n"
    }
    try await Bench.run {
      let fileSystem = try S3Bench.fileSystem("s3://bkt", port: store.port)
      for _ in 0..<3 { #expect(try await fileSystem.status(of: "f").length == 3) }
    }
    #expect(store.requests.count == 4)
  }

  @Test(
    "a region that a HEAD's refusal does not name is asked for by a listing, once in a while",
    arguments: [
      "<Code>AuthorizationHeaderMalformed</Code><Region>eu-south-7</Region>",
      "<Code>PermanentRedirect</Code><Endpoint>bkt.s3.eu-south-7.amazonaws.com</Endpoint>",
      "<Code>PermanentRedirect</Code><Endpoint>bkt.s3-eu-south-7.amazonaws.com</Endpoint>",
      "<Code>AuthorizationHeaderMalformed</Code>",
    ])
  func regionOfHead(word: String) async throws {
    let store = try await Store { request in
      if request.fields["authorization"]?.contains("/eu-south-7/") == true { return Store.head }
      return request.line.hasPrefix("HEAD")
        ? "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"
        : Store.reply("400 Bad", body: "<Error>\(word)</Error>")
    }
    try await Bench.run {
      let fileSystem = try S3Bench.fileSystem("s3://bkt", port: store.port)
      let isNamed = word.contains("eu-south-7")
      for _ in 0..<3 {
        if isNamed {
          #expect(try await fileSystem.status(of: "f").length == 3)
        } else {
          await #expect(throws: UFSError.self) { try await fileSystem.status(of: "f") }
        }
      }
    }
    let listings = store.requests.filter { $0.line.hasPrefix("GET /bkt?") }
    #expect(listings.count == 1)
    #expect(store.requests.count == (word.contains("eu-south-7") ? 5 : 4))
  }

  @Test("what the store says comes with the setting that helps, in a HEAD's refusal too")
  func remedies() async throws {
    let cases = [
      ("403 Forbidden", "", "s3:ListBucket"), ("400 Bad", "", "alluxio.underfs.s3.region"),
      ("403 Forbidden", "SignatureDoesNotMatch", "s3a.secretKey"),
      ("403 Forbidden", "RequestTimeTooSkewed", "clock"),
    ]
    for (line, word, remedy) in cases {
      let store = try await Store { request in
        request.line.hasPrefix("HEAD") && !word.isEmpty
          ? Store.reply("404 Not Found")
          : word.isEmpty
            ? "HTTP/1.1 \(line)\r\nContent-Length: 0\r\n\r\n" : Store.error(line, word)
      }
      let error = await #expect(throws: UFSError.self) { try await status(store: store) }
      #expect(error?.description.contains(remedy) == true, "\(error?.description ?? "")")
    }
  }

  @Test("a bodiless 400 gets its word from a listing: an ended token is a refusal that says so")
  func wordOfHead() async throws {
    let store = try await Store { request in
      request.line.hasPrefix("HEAD")
        ? "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"
        : Store.error("400 Bad Request", "ExpiredToken")
    }
    try await Bench.run {
      let fileSystem = try S3Bench.fileSystem("s3://bkt", port: store.port)
      // The second finds the word that the first learnt.
      for _ in 0..<2 {
        let error = await #expect(throws: UFSError.self) {
          try await fileSystem.status(of: "f")
        }
        #expect(error?.code == .denied)
        #expect(error?.cause == .store(status: 400, code: "ExpiredToken"))
        #expect(error?.description.contains("renew the credentials") == true)
      }
    }
    #expect(store.requests.count { !$0.line.hasPrefix("HEAD") } == 1)
  }

  @Test(
    "a store that wants a signature from a mount without keys: the text says that there are none",
    arguments: ["", "MissingFields", "AccessDenied"])
  func unsigned(word: String) async throws {
    let store = try await Store { request in
      request.line.hasPrefix("HEAD") || word.isEmpty
        ? "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"
        : Store.error("400 Bad Request", word)
    }
    let keyless = ["s3a.accessKeyId": "", "s3a.secretKey": ""]
    let error = await #expect(throws: UFSError.self) { try await status(keyless, store: store) }
    #expect(error?.code == .denied)
    #expect(error?.description.contains("no credentials were found") == true)
    #expect(error?.description.contains("s3a.secretKey") == true)
    let anonymous = await #expect(throws: UFSError.self) {
      try await status(
        keyless.merging(["penstock.underfs.s3.credentials": "anonymous"]) { $1 }, store: store)
    }
    #expect(anonymous?.description.contains("the mount is anonymous") == true)
  }

  @Test("a request that is wrong in itself is not taken for one without keys")
  func invalid() async throws {
    let store = try await Store { _ in Store.error("400 Bad Request", "InvalidBucketName") }
    try await Bench.run {
      let fileSystem = try S3Bench.fileSystem(
        "s3://bkt", port: store.port, ["s3a.accessKeyId": "", "s3a.secretKey": ""])
      let error = await #expect(throws: UFSError.self) {
        try await fileSystem.requester.performEmpty(fileSystem.request(.get, "f", "test"))
      }
      #expect(error?.code == .invalid)
    }
  }

  @Test("a bucket that is not there is counted for itself, not as a store that fails")
  func misdirected() async throws {
    let store = try await Store { request in
      request.line.hasPrefix("HEAD")
        ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        : Store.error("404 Not Found", "NoSuchBucket")
    }
    try await Bench.run {
      let uri = "s3://bkt"
      let environment = try Bench.environment()
      let fileSystem = try S3UFS(
        try UFSURI(parsing: uri),
        MountSpecification(
          alluxioPath: "/s3", uri: uri,
          options: ["alluxio.underfs.s3.endpoint": "http://127.0.0.1:\(store.port)"]),
        environment, variables: CredentialEnvironment([:]))
      await #expect(throws: UFSError.self) { try await fileSystem.status(of: "f") }
      let rows = environment.flow.statistics
      #expect(rows.map(\.counts.misdirected).reduce(0, +) == 1)
      #expect(rows.map(\.counts.unavailable).reduce(0, +) == 0)
    }
  }

  @Test("a redirect to the same store is followed, and one to another is not")
  func redirect() async throws {
    let target = try await Store { _ in Store.head }
    let near = try await Store { _ in
      Store.reply("307 Temporary Redirect", ["Location: http://127.0.0.1:\(target.port)/bkt/f"])
    }
    #expect(try await status(store: near).length == 3)
    #expect(target.requests.first?.fields["host"] == "127.0.0.1:\(target.port)")
    let far = try await Store { _ in
      Store.reply("307 Temporary Redirect", ["Location: http://localhost:\(target.port)/bkt/f"])
    }
    #expect(await code(of: far) == .io)
    #expect(target.requests.count == 1)
  }

  @Test("a clock that is wrong is corrected by the store's date")
  func skew() async throws {
    let ahead = Int64(time(nil)) + 7200
    let store = try await Store { request in
      let stamp = S3Time(seconds: ahead).stamp.prefix(11)
      return request.fields["x-amz-date"]?.hasPrefix(stamp) == true
        ? Store.head
        : "HTTP/1.1 403 Forbidden\r\nDate: \(HTTPDate.text(ahead))\r\nContent-Length: 0\r\n\r\n"
    }
    #expect(try await status(store: store).length == 3)
    #expect(store.requests.count == 2)
  }

  @Test("a refusal that is one is told at once")
  func denied() async throws {
    let store = try await Store { _ in
      "HTTP/1.1 403 Forbidden\r\nDate: \(HTTPDate.text(Int64(time(nil))))\r\nContent-Length: 0\r\n\r\n"
    }
    #expect(await code(of: store) == .denied)
    #expect(store.requests.count == 1)
  }

  @Test("passing failures are asked again, others are not, and each has its code")
  func codes() async throws {
    let cases: [(String, UFSError.Code?, Int)] = [
      ("500 Error", .unavailable, 3), ("502 Error", .unavailable, 3),
      ("504 Error", .unavailable, 3), ("503 Slow Down", .throttled, 3), ("429 Slow", .throttled, 3),
      // A HEAD has no words: the region is asked for besides.
      ("400 Bad", .denied, 2), ("401 No", .denied, 1), ("410 Gone", .io, 1),
      ("501 Not", .unsupported, 1), ("507 Full", .noSpace, 1),
    ]
    for (line, want, count) in cases {
      let store = try await Store { _ in "HTTP/1.1 \(line)\r\nContent-Length: 0\r\n\r\n" }
      let options = ["alluxio.underfs.s3.max.error.retry": "2"]
      #expect(await code(options, of: store) == want, "\(line)")
      #expect(store.requests.count == count, "\(line)")
    }
  }

  @Test("nothing is not found unless the store said so of the object")
  func notFound() async throws {
    // HEAD has no words: only the listing behind it can tell a bucket that is gone.
    let gone = try await Store { request in
      request.line.hasPrefix("HEAD")
        ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        : Store.error("404 Not Found", "NoSuchBucket")
    }
    let error = await #expect(throws: UFSError.self) { try await status(store: gone) }
    #expect(error?.code == .io)
    let text = error?.description ?? ""
    #expect(text.contains("no bucket 'bkt' at http://"), "\(text)")
    #expect(text.contains("alluxio.underfs.s3.endpoint"), "\(text)")
    let proxy = try await Store { request in
      request.line.hasPrefix("HEAD")
        ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        : Store.reply("404 Not Found", body: "<html>nothing here</html>")
    }
    #expect(await code(of: proxy) == .io)
    let empty = try await Store { request in
      request.line.hasPrefix("HEAD")
        ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        : Store.reply(
          "200 OK",
          body: "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
    }
    #expect(await code(of: empty) == .notFound)
    let cut = try await Store { request in
      request.line.hasPrefix("HEAD")
        ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        : Store.reply("200 OK", body: "<ListBucketResult></ListBucketResult>")
    }
    #expect(await code(of: cut) == .io)
  }

  @Test("Retry-After is waited for")
  func retryAfter() async throws {
    let store = try await Store { request in
      request.number == 0
        ? Store.error("503 Slow Down", "SlowDown", ["Retry-After: 1"]) : Store.head
    }
    try await Bench.run {
      let fileSystem = try S3Bench.fileSystem("s3://bkt", port: store.port)
      let start = fileSystem.requester.reactor.now
      // A GET, whose refusal has words.
      var request = fileSystem.request(.get, "f", "test")
      request.query = []
      _ = try await fileSystem.requester.performEmpty(request)
      #expect(fileSystem.requester.reactor.now - start >= 900_000_000)
    }
  }

  @Test("an anonymous mount signs nothing, and one without credentials on another store neither")
  func anonymous() async throws {
    let store = try await Store { _ in Store.head }
    _ = try await status(["penstock.underfs.s3.credentials": "anonymous"], store: store)
    _ = try await status(["s3a.accessKeyId": "", "s3a.secretKey": ""], store: store)
    #expect(store.requests.count == 2)
    #expect(store.requests.allSatisfy { $0.fields["authorization"] == nil })
  }

  @Test("the payer, the token and the encryption are said, and the token is signed")
  func fields() async throws {
    let store = try await Store { _ in Store.head }
    _ = try await status(
      ["penstock.underfs.s3.requester.pays": "true", "aws.sessionToken": "t0k3n"], store: store)
    let fields = try #require(store.requests.first?.fields)
    #expect(fields["x-amz-request-payer"] == "requester")
    #expect(fields["x-amz-security-token"] == "t0k3n")
    let names =
      "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-request-payer;x-amz-security-token"
    #expect(fields["authorization"]?.contains(names) == true)
  }

  @Test(
    "instance credentials are asked for with a token, and renewed when the store calls them ended")
  func instance() async throws {
    let count = Mutex(0)
    let service = try await Store { request in
      guard
        request.line.hasPrefix("PUT /latest/api/token ")
          || request.fields["x-aws-ec2-metadata-token"] == "TOKEN"
      else { return Store.reply("401 Unauthorized") }
      if request.line.contains("/api/token ") { return Store.reply("200 OK", body: "TOKEN") }
      if request.line.contains("security-credentials/ ") {
        return Store.reply("200 OK", body: "role\n")
      }
      let number = count.withLock { count in
        count += 1
        return count
      }
      return Store.reply(
        "200 OK",
        body:
          "{\"Code\":\"Success\",\"AccessKeyId\":\"K\(number)\",\"SecretAccessKey\":\"S\",\"Token\":\"T\(number)\",\"Expiration\":\"2099-01-01T00:00:00Z\"}"
      )
    }
    let store = try await Store { request in
      request.fields["x-amz-security-token"] == "T2"
        ? Store.head : "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    }
    let found = try await status(
      [
        "s3a.accessKeyId": "", "s3a.secretKey": "",
        "penstock.underfs.s3.credentials": "instance",
      ],
      variables: ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(service.port)"],
      store: store)
    #expect(found.length == 3)
    #expect(store.requests.count == 2)
  }

  @Test("a container's agent is asked with its token, in the clear only on this host")
  func container() async throws {
    let agent = try await Store { request in
      guard request.fields["authorization"] == "AUTH" else { return Store.reply("401 No") }
      return Store.reply(
        "200 OK",
        body:
          "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"S\",\"Token\":\"T\",\"Expiration\":\"2099-01-01T00:00:00Z\"}"
      )
    }
    let store = try await Store { _ in Store.head }
    let options = [
      "s3a.accessKeyId": "", "s3a.secretKey": "",
      "penstock.underfs.s3.credentials": "container",
    ]
    _ = try await status(
      options,
      variables: [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(agent.port)/c",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "AUTH",
      ], store: store)
    #expect(store.requests.first?.fields["x-amz-security-token"] == "T")
    let error = await #expect(throws: UFSError.self) {
      try await status(
        options, variables: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://store.example/c"],
        store: store)
    }
    #expect(error?.code == .denied)
    let text = error?.description ?? ""
    #expect(text.contains("CredentialsRefused:container: "))
    #expect(text.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
  }

  @Test("an error never shows a credential")
  func secrets() async throws {
    let store = try await Store { _ in Store.error("403 Forbidden", "SignatureDoesNotMatch") }
    let error = await #expect(throws: UFSError.self) {
      try await status(["aws.sessionToken": "t0k3n"], store: store)
    }
    let text = "\(String(describing: error))"
    for secret in [S3Server.secret, S3Server.keyID, "t0k3n"] {
      #expect(!text.replacing("penstock.", with: "").contains(secret))
    }
  }
}
