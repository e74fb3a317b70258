// Where a bucket is: host, scheme, and whether the bucket is in the path or in the host's name.
//
//   https://s3.eu-west-1.amazonaws.com   bucket "data"     ──▶  https://data.s3.eu-west-1.amazonaws.com/key
//   http://10.0.0.5:9000                 bucket "data"     ──▶  http://10.0.0.5:9000/data/key

import HTTPWire

/// Where requests for one bucket go.
struct S3Endpoint: Sendable, Hashable {
  /// The host without the bucket.
  let base: HTTPOrigin
  /// The bucket's name.
  let bucket: String
  /// Whether the bucket is the path's first component.
  let isPathStyle: Bool
  /// Whether the base is AWS's own, whose hosts are named after regions.
  let isAmazon: Bool

  /// The endpoint of `bucket` under `options`, in `region` if it is AWS's.
  ///
  /// Nil when the endpoint is no host or URL.
  init?(bucket: String, options: S3Options, region: String) {
    self.bucket = bucket
    guard let text = options.endpoint else {
      let isSecure = options.isSecure ?? true
      base = HTTPOrigin(isSecure: isSecure, host: Self.amazonHost(region))
      isAmazon = true
      isPathStyle = options.isPathStyle ?? !Self.isHostName(bucket, isSecure: isSecure)
      return
    }
    guard let parsed = Self.parse(text, isSecure: options.isSecure) else { return nil }
    base = parsed.origin
    isAmazon = parsed.origin.host.hasSuffix(".amazonaws.com")
    let isBare =
      parsed.hasPort || Self.isAddress(parsed.origin.host) || parsed.origin.host == "localhost"
    isPathStyle =
      options.isPathStyle ?? (isBare || !Self.isHostName(bucket, isSecure: base.isSecure))
  }

  private init(base: HTTPOrigin, bucket: String, isPathStyle: Bool, isAmazon: Bool) {
    self.base = base
    self.bucket = bucket
    self.isPathStyle = isPathStyle
    self.isAmazon = isAmazon
  }

  /// Where requests go.
  var origin: HTTPOrigin {
    if isPathStyle { return base }
    return HTTPOrigin(isSecure: base.isSecure, host: "\(bucket).\(base.host)", port: base.port)
  }

  /// The encoded path of `key`, or of the bucket itself.
  func path(_ key: String?) -> String {
    let rest = S3Coding.encode(key ?? "", keepingSlash: true)
    guard isPathStyle else { return "/\(rest)" }
    let name = S3Coding.encode(bucket)
    return key == nil ? "/\(name)" : "/\(name)/\(rest)"
  }

  /// The endpoint of the same bucket in another region of AWS.
  ///
  /// Dual-stack and FIPS hosts stay of their kind; a VPC's endpoint, and what else has no counterpart, stays itself.
  func moved(toRegion region: String) -> S3Endpoint {
    guard isAmazon, let host = Self.moved(base.host, toRegion: region) else { return self }
    let base = HTTPOrigin(isSecure: base.isSecure, host: host, port: base.port)
    return S3Endpoint(base: base, bucket: bucket, isPathStyle: isPathStyle, isAmazon: true)
  }

  /// Whether `other`, which a redirect names, may be sent what is for us: our own host or one below its domain.
  ///
  /// A store that is taken over must not send credentials elsewhere.
  func trusts(_ other: HTTPOrigin) -> Bool {
    guard other.isSecure || !base.isSecure else { return false }
    let domain = isAmazon ? "amazonaws.com" : base.host
    return other.host == base.host || other.host.hasSuffix(".\(domain)")
  }

  /// The host that is in `region` what `host` is in its own; nil when there is none to be known.
  private static func moved(_ host: String, toRegion region: String) -> String? {
    let labels = host.split(separator: ".").map(String.init)
    guard let domain = labels.lastIndex(of: "amazonaws") else { return nil }
    switch labels[..<domain].joined(separator: ".") {
    case "s3": return amazonHost(region)
    case let name where name.hasPrefix("s3.dualstack.") && domain == 3:
      return amazonHost(region, "s3.dualstack")
    case let name where name.hasPrefix("s3-fips.dualstack.") && domain == 3:
      return amazonHost(region, "s3-fips.dualstack")
    case let name where name.hasPrefix("s3-fips.") && domain == 2:
      return amazonHost(region, "s3-fips")
    case let name where name.hasPrefix("s3.") && domain == 2: return amazonHost(region)
    case let name where name.hasPrefix("s3-") && domain == 1:
      return name.hasPrefix("s3-accelerate") ? nil : amazonHost(region)
    default: return nil
    }
  }

  /// AWS's host for a region.
  private static func amazonHost(_ region: String, _ kind: String = "s3") -> String {
    "\(kind).\(region).amazonaws.com\(region.hasPrefix("cn-") ? ".cn" : "")"
  }

  /// The region that a host of AWS is named after: `b.s3.eu-west-1.amazonaws.com`, `s3-eu-west-1.amazonaws.com`.
  ///
  /// Nil for other hosts and for those that are named after none.
  static func region(ofAmazonHost host: String) -> String? {
    let labels = host.split(separator: ".").map(String.init)
    guard let domain = labels.lastIndex(of: "amazonaws"), domain > 0 else { return nil }
    let label = labels[domain - 1]
    if label.hasPrefix("s3-") { return String(label.dropFirst(3)) }
    guard domain > 1, ["s3", "s3-fips", "dualstack"].contains(labels[domain - 2]) else {
      return nil
    }
    return label
  }

  private static func parse(
    _ text: String, isSecure: Bool?
  ) -> (origin: HTTPOrigin, hasPort: Bool)? {
    var rest = text[...]
    var scheme: Bool?
    if rest.lowercased().hasPrefix("https://") {
      (scheme, rest) = (true, rest.dropFirst(8))
    } else if rest.lowercased().hasPrefix("http://") {
      (scheme, rest) = (false, rest.dropFirst(7))
    }
    while rest.utf8.last == UInt8(ascii: "/") { rest = rest.dropLast() }
    // A URL that says http:// where TLS is demanded is a contradiction that must not end in the clear.
    guard scheme != false || isSecure != true else { return nil }
    let secure = scheme ?? isSecure ?? false
    guard let origin = HTTPOrigin(isSecure: secure, authority: String(rest)) else { return nil }
    let afterAddress = rest.split(separator: "]", omittingEmptySubsequences: false).last ?? rest
    return (origin, afterAddress.contains(":"))
  }

  /// Whether `host` is a numeric address.
  private static func isAddress(_ host: String) -> Bool {
    host.contains(":") || host.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
  }

  /// Whether a bucket's name can be the first label of a host; a dot in it fits no wildcard certificate.
  private static func isHostName(_ bucket: String, isSecure: Bool) -> Bool {
    guard (3...63).contains(bucket.utf8.count) else { return false }
    return bucket.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"):
        true
      case UInt8(ascii: "."): !isSecure
      default: false
      }
    }
  }
}
