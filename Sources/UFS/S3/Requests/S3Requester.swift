// Requests on their way: signed, sent, told apart, repeated.
//
//   perform ─▶ gate ─┬─▶ credentials ─▶ sign for (region, host, time) ─▶ send ─▶ 2xx ─▶ the caller's own check ─▶ result
//                    │                                                     │
//                    ├─ again at once: other region, redirect, clock, ended credentials
//                    └─ again later:   passing failures of requests that may be repeated, within the gate's budget
//
// One per mount, shared by all rings.

import HTTPWire
import Model
import Ring
import Synchronization

/// Sends the requests of one mount.
final class S3Requester: Sendable {
  /// What is learnt from replies.
  struct State {
    /// Where the bucket is.
    var endpoint: S3Endpoint
    /// The region that requests are signed for.
    var region: String
    /// Seconds that the store's clock is ahead of ours.
    var skew: Int64 = 0
    /// When the region was last asked for, in the scale of `reactor.now`; 0 never.
    var regionAskedAt: UInt64 = 0
    /// The code of the refusal that the region was last asked with; empty for none.
    var refusalCode = ""
  }

  /// What is in a request besides the request itself.
  struct Setting {
    /// The credentials; nil leaves it unsigned.
    let credentials: S3Credentials?
    /// The state when it was sent.
    let state: State
    /// Where it goes.
    let origin: HTTPOrigin
  }

  /// Corrections of one request, all kinds together.
  private static let correctionCountMax = 4

  /// The options of the mount.
  let options: S3Options
  /// The client.
  let client: HTTPClient
  /// Threads for digests of large bodies.
  let pool: BlockingPool
  /// Who signs; nil for nobody.
  let chain: S3CredentialChain?
  /// Where requests wait for their turn.
  let gate: FlowGate
  private let keys = SigningKeyCache()
  private let shared: Mutex<State>

  /// A requester that begins with `endpoint` and `region`.
  init(
    options: S3Options, endpoint: S3Endpoint, region: String, client: HTTPClient,
    chain: S3CredentialChain?, pool: BlockingPool, gate: FlowGate
  ) {
    self.gate = gate
    self.options = options
    self.client = client
    self.chain = chain
    self.pool = pool
    shared = Mutex(State(endpoint: endpoint, region: region))
  }

  /// What was learnt so far.
  var state: State { shared.withLock { $0 } }

  /// Changes what was learnt.
  func learn(_ body: (inout State) -> Void) { shared.withLock { body(&$0) } }

  /// Changes what was learnt, and says something of it.
  func change<T>(_ body: (inout State) -> T) -> T { shared.withLock { body(&$0) } }

  /// The ring that is running the caller.
  var reactor: Reactor {
    guard let reactor = Reactor.current else {
      preconditionFailure("a UFS is used on a reactor's thread")
    }
    return reactor
  }

  /// Performs `request` and hands a 2xx reply to `take`, whose failures are those of the attempt.
  ///
  /// Without a deadline of the task's it has one of its own, over queue, attempts and pauses; loads have the time.
  ///
  /// - Throws: The last attempt's failure.
  func perform<T>(
    _ request: S3Request, _ take: (HTTPClientResponse) async throws(S3Failure) -> T
  ) async throws(UFSError) -> T {
    guard UFSDeadline.current == .max, request.purpose != .load else {
      return try await performBound(request, take)
    }
    let limit = 5 * options.requestTimeout.nanoseconds &+ Self.transferTime(request)
    return try await UFSDeadline.run(reactor.now &+ limit) { () async throws(UFSError) -> T in
      try await performBound(request, take)
    }
  }

  private func performBound<T>(
    _ request: S3Request, _ take: (HTTPClientResponse) async throws(S3Failure) -> T
  ) async throws(UFSError) -> T {
    var attempt = 1
    var pause = Duration.zero
    let size = Int64(unsafe request.body?.count ?? 0)
    while true {
      let pass = try await gate.enter(
        request.verb, purpose: request.purpose, flow: request.flow, bytes: size)
      let failure: S3Failure
      do throws(S3Failure) {
        let value = try await self.attempt(request, take)
        pass.finish(.ok(bytes: size))
        return value
      } catch {
        failure = error
      }
      let error = UFSError(
        failure.code, operation: request.operation, path: request.path, cause: failure.cause)
      pass.finish(FlowOutcome(error, retryAfter: failure.retryAfter))
      guard request.isRepeatable || failure.isHarmless,
        let delay = gate.retry(
          request.verb, for: request.purpose, after: error, attempt: attempt, previous: pause,
          retryAfter: failure.retryAfter),
        await reactor.sleep(for: delay)
      else { throw error }
      pause = delay
      attempt += 1
    }
  }

  /// One attempt, with the corrections it needs.
  func attempt<T>(
    _ request: S3Request, _ take: (HTTPClientResponse) async throws(S3Failure) -> T
  ) async throws(S3Failure) -> T {
    var corrections = 0
    var redirect: HTTPOrigin?
    while true {
      let setting = try await setting(redirect)
      let response = try await send(request, setting)
      if (200...299).contains(response.status) { return try await take(response) }
      var word = await word(of: response, to: request)
      if corrections < Self.correctionCountMax,
        let correction = await correction(response, &word, request, setting)
      {
        corrections += 1
        redirect = correction.redirect
        continue
      }
      // A 404 without its word may speak of the bucket or of the object: it is asked again.
      if word.isCut, response.status == 404 {
        throw S3Failure(.unavailable, .store(status: response.status, code: word.code))
      }
      var failure = S3Failure(status: response.status, word: word.code, request: request)
      if setting.credentials == nil,
        let refusal = S3Failure.unsigned(
          status: response.status, word: word.code, isMeant: chain == nil)
      {
        failure = refusal
      }
      if word.code == "NoSuchBucket" { failure = .noBucket(setting.state.endpoint) }
      failure.retryAfter = Self.retryAfter(response)
      throw failure
    }
  }

  /// Credentials and place for a request.
  func setting(_ redirect: HTTPOrigin? = nil) async throws(S3Failure) -> Setting {
    do throws(S3CredentialError) {
      let credentials = try await chain?.current()
      let state = state
      return Setting(
        credentials: credentials, state: state, origin: redirect ?? state.endpoint.origin)
    } catch {
      throw S3Failure(
        error.code == .unavailable ? .unavailable : .denied,
        .store(status: 0, code: error.text))
    }
  }

  /// Signs and sends.
  func send(
    _ request: S3Request, _ setting: Setting
  ) async throws(S3Failure) -> HTTPClientResponse {
    let (target, fields) = await signed(request, setting)
    let body: HTTPClientRequest.Body =
      if let bytes = unsafe request.body { unsafe .bytes(bytes) } else { .none }
    var sent = HTTPClientRequest(
      request.method, setting.origin, target: target, fields: fields, body: body,
      isIdempotent: request.isRepeatable)
    sent.abort = request.abort
    do throws(HTTPClientError) {
      return try await client.send(sent, deadline: deadline(request))
    } catch {
      throw S3Failure(error)
    }
  }

  /// The target and the header lines of a request, signed if there are credentials.
  func signed(
    _ request: S3Request, _ setting: Setting
  ) async -> (target: String, fields: [(name: String, value: String)]) {
    let path = setting.state.endpoint.path(request.key)
    let query = S3Coding.query(request.query)
    var fields = [(name: "Host", value: setting.origin.authority)] + request.fields
    if options.requesterPays { fields.append(("x-amz-request-payer", "requester")) }
    if let credentials = setting.credentials {
      let digest = await bodyDigest(request, setting.origin)
      sign(
        &fields, request, path: path, query: query, digest: digest, setting: setting,
        credentials: credentials)
    }
    return (query.isEmpty ? path : "\(path)?\(query)", fields)
  }

  /// A second for each MiB that moves, in nanoseconds.
  private static func transferTime(_ request: S3Request) -> UInt64 {
    let bodySize = Int64(unsafe request.body?.count ?? 0)
    let (size, overflow) = bodySize.addingReportingOverflow(request.replySize)
    return overflow ? 1 << 60 : UInt64(max(0, size) >> 20) &* 1_000_000_000
  }

  /// The time of a request and of what moves with it.
  private func deadline(_ request: S3Request) -> UInt64 {
    let limit = options.requestTimeout.nanoseconds &+ Self.transferTime(request)
    return min(reactor.now &+ limit, UFSDeadline.current)
  }

  private func sign(
    _ fields: inout [(name: String, value: String)], _ request: S3Request, path: String,
    query: String, digest: String, setting: Setting, credentials: S3Credentials
  ) {
    let seconds = SystemCall.wallClock() / 1_000_000_000 + setting.state.skew
    let scope = SignatureV4.Scope(
      time: S3Time(seconds: seconds), region: setting.state.region, service: "s3")
    fields.append(("x-amz-date", scope.time.stamp))
    fields.append(("x-amz-content-sha256", digest))
    if let token = credentials.token { fields.append(("x-amz-security-token", token)) }
    var signed = fields.filter { $0.name.hasPrefix("x-amz-") }
    signed.append(("host", setting.origin.authority))
    let signature = SignatureV4(
      method: request.methodText, path: path, query: query, fields: signed, bodyDigest: digest)
    let key = keys.key(secret: credentials.secret, in: scope)
    fields.append(
      ("Authorization", signature.authorization(keyID: credentials.keyID, key: key, in: scope)))
  }

  /// The digest of the body: TLS protects it where it is spoken.
  private func bodyDigest(_ request: S3Request, _ origin: HTTPOrigin) async -> String {
    guard let body = unsafe request.body, unsafe !body.isEmpty else {
      return SignatureV4.emptyDigest
    }
    if origin.isSecure { return SignatureV4.unsignedBody }
    if body.count <= 256 << 10 { return unsafe Digest256(of: body).hex }
    let bytes = unsafe SentBytes(body)
    return await pool.run { unsafe Digest256(of: bytes.bytes).hex }
  }

  /// A body on a pool's thread.
  // SAFETY: the caller keeps the bytes in place and unchanged until the request was performed.
  @safe private struct SentBytes: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }
  }

  /// What `Retry-After` asks for, at most a minute.
  private static func retryAfter(_ response: HTTPClientResponse) -> Duration? {
    guard let text = response.field("Retry-After"), let seconds = Int64(text), seconds >= 0 else {
      return nil
    }
    return .seconds(min(seconds, 60))
  }
}
