import HTTPWire
import Ring
import Synchronization
import Testing

@testable import UFS

@Suite("Credentials come from the right place, in time, and are never shown")
struct S3CredentialTests {
  /// A source that a test drives.
  final class Source: S3CredentialSource {
    let name: StaticString = "test"
    private let outcomes: Mutex<[Result<S3Credentials?, S3CredentialError>]>
    private let asked = Mutex(0)

    init(_ outcomes: [Result<S3Credentials?, S3CredentialError>]) {
      self.outcomes = Mutex(outcomes)
    }

    var askedCount: Int { asked.withLock { $0 } }

    func fetch() async throws(S3CredentialError) -> S3Credentials? {
      asked.withLock { $0 += 1 }
      // Others come while this one fetches.
      for _ in 0..<10 { await Task.yield() }
      return try outcomes.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }.get()
    }
  }

  private static func credentials(_ keyID: String, expiry: Int64? = nil) -> S3Credentials {
    S3Credentials(keyID: keyID, secret: "s3cr3t", token: "t0k3n", expiry: expiry)
  }

  @Test("neither text nor reflection shows a secret")
  func hidden() {
    let credentials = Self.credentials("AKID")
    var dumped = ""
    dump(credentials, to: &dumped)
    for text in ["\(credentials)", String(reflecting: credentials), dumped, "\([credentials])"] {
      #expect(!text.contains("s3cr3t") && !text.contains("t0k3n") && !text.contains("AKID"))
    }
    var options = S3Options()
    options.credentials = credentials
    #expect(!"\(options)".contains("s3cr3t"))
  }

  @Test("the first source that has any is taken, and one that fails hides the others")
  func order() async throws {
    try await Bench.run { () async throws -> Void in
      let empty = Source([.success(nil)])
      let full = Source([.success(Self.credentials("a"))])
      let chain = S3CredentialChain([empty, full], isAnonymousAllowed: false)
      #expect(try await chain.current()?.keyID == "a")
      #expect(try await chain.current()?.keyID == "a")
      #expect(full.askedCount == 1)
      let failing = Source([.failure(S3CredentialError(.refused, "test"))])
      let stopped = S3CredentialChain([failing, full], isAnonymousAllowed: true)
      await #expect(throws: S3CredentialError(.refused, "test")) { try await stopped.current() }
      let nobody = S3CredentialChain([empty], isAnonymousAllowed: false)
      await #expect(throws: S3CredentialError(.none, "chain")) { try await nobody.current() }
      let anonymous = S3CredentialChain([empty], isAnonymousAllowed: true)
      #expect(try await anonymous.current() == nil)
    }
  }

  @Test("many callers at once make one fetch")
  func singleFlight() async throws {
    try await Bench.run { () async throws -> Void in
      let source = Source([.success(Self.credentials("a"))])
      let chain = S3CredentialChain([source], isAnonymousAllowed: false)
      let found = await withTaskGroup(of: String?.self) { group in
        for _ in 0..<50 { group.addTask { (try? await chain.current())?.keyID } }
        var found: [String?] = []
        for await keyID in group { found.append(keyID) }
        return found
      }
      #expect(found == Array(repeating: "a", count: 50))
      #expect(source.askedCount == 1)
    }
  }

  @Test("credentials are replaced before they end, and kept while that fails")
  func refresh() async throws {
    try await Bench.run { () async throws -> Void in
      let now = Mutex<Int64>(1_000_000_000_000)
      let first = Self.credentials("a", expiry: 2_000_000_000_000)
      let second = Self.credentials("b", expiry: 9_000_000_000_000)
      let source = Source([
        .success(first), .failure(S3CredentialError(.unavailable, "test")), .success(second),
      ])
      let chain = S3CredentialChain(
        [source], isAnonymousAllowed: false, clock: { now.withLock { $0 } })
      #expect(try await chain.current()?.keyID == "a")
      now.withLock { $0 = 1_699_000_000_000 }
      #expect(try await chain.current()?.keyID == "a")
      #expect(source.askedCount == 1)
      // Five minutes ahead of the end: a fetch that fails leaves the old ones, for a second unasked.
      now.withLock { $0 = 1_701_000_000_000 }
      #expect(try await chain.current()?.keyID == "a")
      #expect(source.askedCount == 2)
      #expect(try await chain.current()?.keyID == "a")
      #expect(source.askedCount == 2)
      now.withLock { $0 = 1_703_000_000_000 }
      #expect(try await chain.current()?.keyID == "b")
    }
  }

  @Test("credentials that have ended, or that the store refuses, are fetched anew")
  func ended() async throws {
    try await Bench.run { () async throws -> Void in
      let now = Mutex<Int64>(0)
      let first = Self.credentials("a", expiry: 1_000_000_000_000)
      let second = Self.credentials("b", expiry: 5_000_000_000_000)
      let source = Source([
        .success(first), .failure(S3CredentialError(.unavailable, "test")), .success(second),
      ])
      let chain = S3CredentialChain(
        [source], isAnonymousAllowed: false, clock: { now.withLock { $0 } })
      #expect(try await chain.current() == first)
      now.withLock { $0 = 1_000_000_000_000 }
      await #expect(throws: S3CredentialError(.unavailable, "test")) { try await chain.current() }
      await #expect(throws: S3CredentialError(.unavailable, "test")) { try await chain.current() }
      #expect(source.askedCount == 2, "a failure is kept for a second")
      now.withLock { $0 += S3CredentialChain.failureTime }
      #expect(try await chain.current() == second)
      #expect(await chain.renew(after: first), "another caller was faster")
      #expect(source.askedCount == 3)
      #expect(await !chain.renew(after: second), "the source has no others")
      #expect(source.askedCount == 4)
      #expect(await !chain.renew(after: second))
      #expect(source.askedCount == 4, "once a second")
    }
  }

  @Test(
    "keys without an end are asked for again when the store refuses them, and so is their absence")
  func replaced() async throws {
    try await Bench.run { () async throws -> Void in
      let now = Mutex<Int64>(0)
      let (old, new) = (Self.credentials("old", expiry: nil), Self.credentials("new", expiry: nil))
      let source = Source([.success(nil), .success(old), .success(new)])
      let chain = S3CredentialChain(
        [source], isAnonymousAllowed: true, clock: { now.withLock { $0 } })
      #expect(try await chain.current() == nil)
      #expect(await chain.renew(after: nil))
      #expect(try await chain.current() == old)
      #expect(await !chain.renew(after: old), "a moment ago")
      now.withLock { $0 += S3CredentialChain.failureTime }
      #expect(await chain.renew(after: old))
      #expect(try await chain.current() == new)
    }
  }

  @Test("a service that fails is asked once a second, also when there never were credentials")
  func spared() async throws {
    try await Bench.run { () async throws -> Void in
      let now = Mutex<Int64>(7_000_000_000)
      let source = Source([
        .failure(S3CredentialError(.unavailable, "test")), .success(Self.credentials("a")),
      ])
      let chain = S3CredentialChain(
        [source], isAnonymousAllowed: false, clock: { now.withLock { $0 } })
      for _ in 0..<5 {
        await #expect(throws: S3CredentialError(.unavailable, "test")) {
          try await chain.current()
        }
      }
      #expect(source.askedCount == 1)
      now.withLock { $0 = 1_000_000_000 }
      #expect(try await chain.current()?.keyID == "a", "a clock that was set back")
    }
  }

  @Test("what is wrong with a profile or a variable is said with its name and what to correct")
  func words() async throws {
    let folder = try TemporaryDirectory()
    try folder.put("keys", Array("[half]\naws_access_key_id = F\n".utf8))
    let pool = try Bench.pool
    func profile(_ name: String?, _ file: String) async throws -> String {
      let source = S3ProfileCredentials(
        profile: name, file: file, environment: CredentialEnvironment([:]), pool: pool)
      let error = await #expect(throws: S3CredentialError.self) { try await source.fetch() }
      return try #require(error?.text)
    }
    let half = try await profile("half", folder.at("keys"))
    #expect(half.hasPrefix("CredentialsRefused:profile: "))
    #expect(half.contains(folder.at("keys")) && half.contains("'half'"))
    #expect(half.contains("aws_secret_access_key") && half.contains("AWS_PROFILE"))
    #expect(try await profile("none", folder.at("keys")).contains("'none'"))
    #expect(try await profile(nil, folder.at("gone")).contains("cannot be read"))
    try await Bench.run { () async throws -> Void in
      let nobody = S3CredentialChain([Source([.success(nil)])], isAnonymousAllowed: false)
      let error = await #expect(throws: S3CredentialError.self) { try await nobody.current() }
      #expect(error?.text.hasPrefix("NoCredentials: ") == true)
      #expect(error?.text.contains("(test)") == true)
      #expect(error?.text.contains("s3a.secretKey") == true)
    }
  }

  @Test("the environment gives both halves of a key or nothing")
  func environment() async throws {
    func fetch(_ variables: [String: String]) async throws -> S3Credentials? {
      try await S3EnvironmentCredentials(environment: CredentialEnvironment(variables)).fetch()
    }
    #expect(try await fetch([:]) == nil)
    let both = ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"]
    #expect(try await fetch(both) == S3Credentials(keyID: "a", secret: "b"))
    await #expect(throws: S3CredentialError(.refused, "environment")) {
      try await fetch(["AWS_ACCESS_KEY_ID": "a"])
    }
  }

  @Test("profiles of a credentials file are found among comments and others")
  func profiles() {
    let text = """
      # comment = x
      [default]
      aws_access_key_id = A
      aws_secret_access_key=B=b

      [ other ]
      AWS_ACCESS_KEY_ID=C
      aws_secret_access_key = D
      aws_session_token = E
      ; [comment]
      [half]
      aws_access_key_id = F
      """
    #expect(
      CredentialProfiles.credentials(of: "default", in: text)
        == S3Credentials(keyID: "A", secret: "B=b"))
    #expect(
      CredentialProfiles.credentials(of: "other", in: text)
        == S3Credentials(keyID: "C", secret: "D", token: "E"))
    #expect(CredentialProfiles.credentials(of: "half", in: text) == nil)
    #expect(CredentialProfiles.credentials(of: "none", in: text) == nil)
  }

  @Test("what metadata services answer is read, and nothing else passes for it")
  func documents() {
    let text = """
      {"Code" : "Success", "LastUpdated": "x", "n": 12.5e3, "f": false,
       "AccessKeyId": "A", "SecretAccessKey": "B\\/\\u0062\\n", "Token": "C",
       "Expiration": "2013-05-24T00:00:00Z"}
      """
    #expect(
      CredentialDocument.credentials(Array(text.utf8))
        == S3Credentials(
          keyID: "A", secret: "B/b\n", token: "C", expiry: 1_369_353_600_000_000_000))
    for bad in [
      "", "{", "{}", "[]", "{\"AccessKeyId\": \"A\"}", "{\"a\": {}}", "{\"a\" \"b\"}",
      "{\"Code\": \"Failed\", \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"B\"}",
      "{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"B\", \"Expiration\": \"soon\"}",
      "{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"B\"} x",
    ] {
      #expect(CredentialDocument.credentials(Array(bad.utf8)) == nil, "\(bad)")
    }
  }

  @Test("a token of the cluster becomes credentials at STS, asked over HTTP, and is told to nobody")
  func webIdentity() async throws {
    // On a ring of its own and with all the time: other tests may keep theirs busy for longer than an answer may take.
    let group = try ReactorGroup(count: 1, pinned: false)
    defer { group.stop() }
    try await group.reactors[0].run { () async -> Result<Void, any Error> in
      do { return .success(try await Self.askSTS()) } catch { return .failure(error) }
    }.get()
  }

  private static func askSTS() async throws {
    let pool = try BlockingPool(name: "sts", threads: 1)
    defer { pool.stop() }
    var options = HTTPClientOptions()
    (options.connectTimeout, options.stallTimeout) = (.seconds(600), .seconds(600))
    let client = HTTPClient(
      reactors: Bench.ringCount, options: options, resolver: HostResolver(pool: pool))
    let sts = try await ScriptedStore { request in
      if request.number == 0 { return ScriptedStore.reply("503 Busy") }
      if request.number == 2 { return ScriptedStore.reply("403 Forbidden") }
      if request.number == 3 {
        return ScriptedStore.reply(
          "400 Bad Request",
          body:
            "<ErrorResponse><Error><Type>Sender</Type><Code>IDPCommunicationError</Code></Error></ErrorResponse>"
        )
      }
      return ScriptedStore.reply(
        "200 OK",
        body: """
          <AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
          <AccessKeyId>AK</AccessKeyId><SecretAccessKey>SK</SecretAccessKey>
          <SessionToken>ST</SessionToken><Expiration>2039-01-01T00:00:00Z</Expiration>
          </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
          """)
    }
    let folder = try TemporaryDirectory()
    try folder.put("token", Array("tok/en+1=\n".utf8))
    let source = S3WebIdentityCredentials(
      environment: CredentialEnvironment([
        "AWS_WEB_IDENTITY_TOKEN_FILE": folder.at("token"),
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:\(sts.port)",
      ]), region: "eu-west-1",
      http: CredentialHTTP(client: client, limit: .seconds(600)), pool: pool)
    func code() async -> S3CredentialError.Code? {
      do throws(S3CredentialError) {
        let found = try await source.fetch()
        #expect(found?.keyID == "AK" && found?.secret == "SK" && found?.token == "ST")
        #expect(found?.expiry != nil)
        return nil
      } catch {
        #expect(!error.word.contains("tok"))
        return error.code
      }
    }
    #expect(await code() == .unavailable)
    #expect(await code() == nil)
    #expect(await code() == .refused)
    #expect(await code() == .unavailable, "STS could not reach who vouches: that passes")
    #expect(sts.requests.allSatisfy { $0.line.hasPrefix("POST / ") })
    #expect(sts.requests.allSatisfy { !$0.line.contains("tok") })
  }

  @Test("an answer of STS is read")
  func identity() throws {
    let text = """
      <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <AssumeRoleWithWebIdentityResult><SubjectFromWebIdentityToken>x</SubjectFromWebIdentityToken>
          <Credentials><SessionToken>T</SessionToken><SecretAccessKey>S</SecretAccessKey>
            <Expiration>2013-05-24T00:00:00Z</Expiration><AccessKeyId>A</AccessKeyId></Credentials>
        </AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
      </AssumeRoleWithWebIdentityResponse>
      """
    #expect(
      try S3WebIdentityReply.credentials(Array(text.utf8))
        == S3Credentials(
          keyID: "A", secret: "S", token: "T", expiry: 1_369_353_600_000_000_000))
  }
}
