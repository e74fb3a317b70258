import Model
import Testing

@testable import UFS

@Suite("Signatures are those of AWS's published examples")
struct SignatureV4Tests {
  /// The credentials of the public test suite of signature version 4.
  private static let suiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  private static let suiteScope = SignatureV4.Scope(
    time: S3Time(seconds: 1_440_938_160), region: "us-east-1", service: "service")
  /// The credentials of the examples in S3's API reference.
  private static let exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
  private static let empty = SignatureV4.emptyDigest

  private func suiteSignature(
    _ method: String, _ path: String, _ query: String,
    _ fields: [(name: String, value: String)] = []
  ) -> String {
    let request = SignatureV4(
      method: method, path: path, query: query,
      fields: fields + [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")],
      bodyDigest: Self.empty)
    let scope = Self.suiteScope
    return request.signature(
      key: SignatureV4.signingKey(secret: Self.suiteSecret, in: scope), in: scope)
  }

  @Test("the public suite's requests are signed as it says")
  func suite() {
    #expect(
      suiteSignature("GET", "/", "")
        == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
    #expect(
      suiteSignature("POST", "/", "")
        == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")
    #expect(
      suiteSignature(
        "GET", "/", S3Coding.query([("Param2", "value2"), ("Param1", "value1")]))
        == "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")
    #expect(
      suiteSignature("GET", S3Coding.encode("/\u{1234}", keepingSlash: true), "")
        == "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85")
    let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    #expect(
      suiteSignature("GET", S3Coding.encode("/\(unreserved)", keepingSlash: true), "")
        == "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f")
    #expect(
      suiteSignature("GET", "/", S3Coding.query([(unreserved, unreserved)]))
        == "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197")
    #expect(
      suiteSignature(
        "GET", "/", "", [("my-header1", "value1 "), ("my-header2", "  \"a   b   c\"  ")])
        == "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736")
  }

  private func exampleSignature(
    _ method: String, _ path: String, _ query: String,
    _ fields: [(name: String, value: String)], digest: String = SignatureV4.emptyDigest,
    host: String = "examplebucket.s3.amazonaws.com", region: String = "us-east-1"
  ) -> String {
    let request = SignatureV4(
      method: method, path: path, query: query,
      fields: fields + [
        ("host", host), ("x-amz-date", "20130524T000000Z"), ("x-amz-content-sha256", digest),
      ], bodyDigest: digest)
    let scope = SignatureV4.Scope(
      time: S3Time(seconds: 1_369_353_600), region: region, service: "s3")
    return request.signature(
      key: SignatureV4.signingKey(secret: Self.exampleSecret, in: scope), in: scope)
  }

  @Test("the examples of S3's reference are signed as it says")
  func examples() {
    #expect(
      exampleSignature("GET", "/test.txt", "", [("range", "bytes=0-9")])
        == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    #expect(
      exampleSignature(
        "PUT", S3Coding.encode("/test$file.text", keepingSlash: true), "",
        [
          ("date", "Fri, 24 May 2013 00:00:00 GMT"),
          ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ], digest: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072")
        == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    #expect(
      exampleSignature("GET", "/", S3Coding.query([("lifecycle", "")]), [])
        == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
    #expect(
      exampleSignature("GET", "/", S3Coding.query([("prefix", "J"), ("max-keys", "2")]), [])
        == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
  }

  @Test("odd keys, queries, tokens and bodies are signed as another implementation does")
  func others() {
    let host = "127.0.0.1:9000"
    let region = "eu-west-1"
    let key = "/bkt/a b+c/ü'\"\\\n~-_.%"
    #expect(
      exampleSignature(
        "GET", S3Coding.encode(key, keepingSlash: true), "", [], host: host, region: region)
        == "2c2e0da4cec8cf25106373e04cb33ddb726608ae74b1fffef8563e2ef8a3ce30")
    let query = S3Coding.query([
      ("list-type", "2"), ("prefix", "a b/&="), ("start-after", "ü"), ("delimiter", "/"),
      ("encoding-type", "url"), ("max-keys", "1000"),
    ])
    #expect(
      exampleSignature(
        "GET", "/bkt", query, [("x-amz-security-token", "TOKEN/+==")], host: host, region: region)
        == "e86ace10c4adaa142282fbbff037de82652687c743a7b0eab0e787ed836fb5eb")
    #expect(
      exampleSignature(
        "PUT", "/bkt/k", S3Coding.query([("uploadId", "a.b-c_d"), ("partNumber", "2")]),
        [("x-amz-server-side-encryption", "AES256")],
        digest: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", host: host,
        region: region)
        == "187f204c6a14737de8b3266c804dcfe23ea10bf122b92221b593232205f6616d")
  }

  @Test("a key is made once a day, and anew for another secret, region or service")
  func cache() {
    let cache = SigningKeyCache()
    let scope = Self.suiteScope
    let key = cache.key(secret: "a", in: scope)
    #expect(key == SignatureV4.signingKey(secret: "a", in: scope))
    #expect(cache.key(secret: "a", in: scope) == key)
    #expect(cache.key(secret: "b", in: scope) != key)
    let tomorrow = SignatureV4.Scope(
      time: S3Time(seconds: scope.time.seconds + 86_400), region: scope.region,
      service: scope.service)
    #expect(
      cache.key(secret: "a", in: tomorrow) == SignatureV4.signingKey(secret: "a", in: tomorrow))
  }

  @Test("times are written and read as S3 does")
  func times() {
    #expect(S3Time(seconds: 1_369_353_600).stamp == "20130524T000000Z")
    #expect(S3Time(seconds: 951_868_799).stamp == "20000229T235959Z")
    #expect(S3Time(iso: "2013-05-24T00:00:00.000Z")?.seconds == 1_369_353_600)
    #expect(S3Time(iso: "2000-02-29T23:59:59Z")?.seconds == 951_868_799)
    for text in [
      "", "2013-05-24", "2013-05-24T00:00:00", "2013-13-24T00:00:00Z", "2013-05-24 00:00:00Z",
      "2013-05-24T24:00:00Z", "2013-05-24T00:00:00.x0Z", "-013-05-24T00:00:00Z",
    ] {
      #expect(S3Time(iso: text) == nil, "\(text)")
    }
  }

  @Test("MD5 and base 64 are those of the RFCs")
  func digests() {
    let text = S3Text("abc")
    #expect(
      HMAC256.hex(MD5.digest(of: text.bytes)) == "900150983cd24fb0d6963f7d28e17f72")
    let pairs = [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]
    for (plain, encoded) in pairs { #expect(Base64.text(Array(plain.utf8)) == encoded) }
    withExtendedLifetime(text) {}
  }
}
