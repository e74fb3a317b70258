// What a refusal teaches: where the bucket is, what time it is, that credentials have ended.

import HTTPWire
import Model
import Ring

extension S3Requester {
  /// The words of an error's reply.
  struct Word {
    /// S3's code; empty when there is none.
    var code = ""
    /// The region it names.
    var region: String?
    /// The time at the store, seconds since the epoch.
    var date: Int64?
    /// The reply ended before its body did: what it meant to say is not known.
    var isCut = false
  }

  /// A reason to ask again at once.
  struct Correction {
    /// Where to ask, for this request only.
    var redirect: HTTPOrigin?
  }

  /// Codes after which other credentials may help: these have ended, or keys were replaced.
  private static let refusals: Set<String> = [
    "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidAccessKeyId",
    "InvalidToken", "SignatureDoesNotMatch", "AccessDenied",
  ]
  /// Most bytes of an error's body.
  private static let errorSizeMax = 64 << 10
  /// Nanoseconds between two questions for the region.
  private static let regionInterval: UInt64 = 10_000_000_000
  /// Seconds that clocks may differ before ours is taken to be wrong; S3 allows 900.
  private static let skewMin: Int64 = 240

  /// Reads an error's reply to its end; a body that is no error of S3's says nothing.
  func word(of response: HTTPClientResponse, to request: S3Request) async -> Word {
    var word = Word()
    word.region = response.field("x-amz-bucket-region")
    if var date = response.field("Date") {
      word.date = date.withUTF8 { unsafe HTTPDate.parse(UnsafeRawBufferPointer($0)) }
    }
    // A reply that cannot be read or understood keeps its status, which is what counts.
    guard let bytes = try? await response.collect(max: Self.errorSizeMax) else {
      word.isCut = true
      return word
    }
    guard !bytes.isEmpty, let reply = try? S3Reply(parsing: bytes), reply.root == "Error"
    else { return word }
    word.code = reply.text("Code") ?? ""
    word.region =
      word.region ?? reply.text("Region")
      ?? reply.text("Endpoint").flatMap { S3Endpoint.region(ofAmazonHost: $0) }
    return word
  }

  /// What a listing's refusal says, asked once in a while; the reply to a HEAD has no body to say it.
  ///
  /// In between only the code that it had is known.
  private func askWord(_ request: S3Request, _ setting: Setting) async -> Word {
    let now = reactor.now
    let isDue = change { state in
      guard state.regionAskedAt == 0 || now &- state.regionAskedAt >= Self.regionInterval else {
        return false
      }
      state.regionAskedAt = max(1, now)
      return true
    }
    guard isDue else { return Word(code: state.refusalCode) }
    var listing = S3Request(.get, key: nil, operation: request.operation, path: request.path)
    listing.query = S3ListQuery(prefix: "", delimiter: nil, keyCountMax: 1)
      .items(isVersion1: options.listsVersion1)
    // A store that cannot be asked leaves the first refusal as it is.
    guard let reply = try? await send(listing, setting) else { return Word() }
    let word = await word(of: reply, to: listing)
    learn { $0.refusalCode = word.code }
    return word
  }

  /// What to do differently; nil when the refusal stands.
  ///
  /// `word` gets the code that a HEAD's refusal could not say.
  func correction(
    _ response: HTTPClientResponse, _ word: inout Word, _ request: S3Request, _ setting: Setting
  ) async -> Correction? {
    if [301, 307, 400, 403].contains(response.status),
      let correction = move(to: word.region, setting)
    {
      return correction
    }
    if response.status == 307 || response.status == 308 {
      return redirect(response, setting)
    }
    if response.status == 403, let date = word.date,
      word.code == "RequestTimeTooSkewed" || (request.method == .head && word.code.isEmpty),
      let correction = clock(date)
    {
      return correction
    }
    let isRefused =
      Self.refusals.contains(word.code)
      || request.method == .head && [400, 403].contains(response.status)
    if isRefused, let chain, await chain.renew(after: setting.credentials) { return Correction() }
    guard request.method == .head, [301, 400].contains(response.status) else { return nil }
    let asked = await askWord(request, setting)
    if word.code.isEmpty { word.code = asked.code }
    return move(to: asked.region, setting)
  }

  /// Signs for `region` from now on; nil when it is none, or the one that was signed for.
  private func move(to region: String?, _ setting: Setting) -> Correction? {
    guard let region, Self.isRegion(region), !isSameText(region, setting.state.region) else {
      return nil
    }
    learn {
      $0.region = region
      $0.endpoint = $0.endpoint.moved(toRegion: region)
    }
    return Correction()
  }

  private func redirect(_ response: HTTPClientResponse, _ setting: Setting) -> Correction? {
    guard let location = response.field("Location"),
      let (origin, _) = CredentialHTTP.split(location), origin != setting.origin,
      setting.state.endpoint.trusts(origin)
    else { return nil }
    return Correction(redirect: origin)
  }

  private func clock(_ date: Int64) -> Correction? {
    let skew = date - SystemCall.wallClock() / 1_000_000_000
    let old = state.skew
    // Also back: our clock may have been set right meanwhile.
    guard abs(skew - old) > Self.skewMin else { return nil }
    learn { $0.skew = skew }
    return Correction()
  }

  /// Whether `text` can be put into a host's name.
  private static func isRegion(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 64
      && text.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
      }
  }
}
