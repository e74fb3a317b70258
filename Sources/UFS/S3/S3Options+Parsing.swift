// Options as a user writes them.

import HTTPWire
import Model

extension S3Options {
  /// The options of a mount: `options`, and `defaults` from the configuration where those say nothing.
  ///
  /// Of `defaults` only S3's own names are looked at.
  ///
  /// - Throws: `.unknownOption`, `.badOption`, `.duplicateOption`; none shows a credential.
  init(
    parsing options: [String: String], defaults: [String: String], mount: String
  ) throws(MountError) {
    self.init()
    var values: [String: String] = [:]
    for (key, value) in defaults where Self.isKnown(Self.canonical(key)) {
      values[Self.canonical(key)] = value
    }
    var own: [String: String] = [:]
    // In order, so that of several mistakes the same one is named each time.
    for (key, value) in options.sorted(by: { $0.key < $1.key }) {
      let name = Self.canonical(key)
      guard Self.isKnown(name) else {
        throw MountError(.unknownOption(key, known: Self.known.sorted()), mount: mount)
      }
      if let other = own.updateValue(value, forKey: name), other != value {
        throw MountError(.duplicateOption(name), mount: mount)
      }
      values[name] = value
    }
    for (key, value) in values.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
      var option = Option(key: key, value: value, mount: mount)
      try apply(&option)
    }
    try takeCredentials(values, mount)
  }

  /// One option being read.
  private struct Option {
    let key: String
    let value: String
    let mount: String

    func bad(_ accepted: String) -> MountError {
      MountError(.badOption(key, value: value, accepted: accepted), mount: mount)
    }

    var boolean: Bool {
      get throws(MountError) {
        guard value == "true" || value == "false" else { throw bad("true or false") }
        return value == "true"
      }
    }

    var duration: Duration {
      get throws(MountError) {
        guard let duration = DurationText.parse(value), duration > .zero else {
          throw bad("a time such as 50s")
        }
        return duration
      }
    }

    func integer(in range: ClosedRange<Int>) throws(MountError) -> Int {
      guard let number = Int(value), range.contains(number) else {
        throw bad("a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }

    func size(in range: ClosedRange<Int64>) throws(MountError) -> Int {
      guard let size = SizeText.parse(value), range.contains(size) else {
        throw bad(
          "a size from \(SizeText.print(range.lowerBound)) to \(SizeText.print(range.upperBound))")
      }
      return Int(size)
    }
  }

  private static let prefix = "alluxio.underfs.s3."
  private static let ownPrefix = "penstock.underfs.s3."

  /// The one spelling of an option's name.
  static func canonical(_ key: String) -> String {
    if key.hasPrefix("alluxio.underfs.s3a.") {
      return prefix + key.dropFirst("alluxio.underfs.s3a.".count)
    }
    if key.hasPrefix("aws.") { return "s3a." + key.dropFirst("aws.".count) }
    return key
  }

  private static func isKnown(_ key: String) -> Bool { known.contains(key) }

  /// Every name, in its one spelling.
  private static let known: Set<String> = Set(
    [
      "endpoint", "endpoint.region", "region", "proxy.host", "proxy.port", "disable.dns.buckets",
      "secure.http.enabled", "list.objects.v1", "bulk.delete.enabled", "directory.suffix",
      "default.mode", "inherit.acl", "server.side.encryption.enabled", "signer.algorithm",
      "threads.max", "admin.threads.max", "upload.threads.max", "request.timeout",
      "socket.timeout", "connection.ttl", "max.error.retry", "multipart.upload.enabled",
      "multipart.upload.partition.size", "streaming.upload.enabled",
      "streaming.upload.partition.size", "intermediate.upload.clean.age",
    ].map { prefix + $0 }
      + [
        "credentials", "profile", "credentials.file", "requester.pays", "tls.ca.file",
        "tls.ca.path", "tls.certificate", "tls.key", "tls.verify",
      ].map { ownPrefix + $0 }
      + [
        "s3a.accessKeyId", "s3a.secretKey", "s3a.sessionToken", "readonly",
        "alluxio.underfs.listing.length", "alluxio.underfs.object.store.breadcrumbs.enabled",
      ] + FlowOptions.keys)

  private mutating func apply(_ option: inout Option) throws(MountError) {
    if option.key.hasPrefix(Self.prefix) {
      try applyShared(option, String(option.key.dropFirst(Self.prefix.count)))
    } else if option.key.hasPrefix(Self.ownPrefix) {
      try applyOwn(option, String(option.key.dropFirst(Self.ownPrefix.count)))
    } else if option.key == "readonly" {
      isReadOnly = try option.boolean
    } else if option.key == "alluxio.underfs.listing.length" {
      listingLength = min(1000, try option.integer(in: 1...1_000_000))
    } else if option.key == "alluxio.underfs.object.store.breadcrumbs.enabled" {
      writesMarkers = try option.boolean
    }
  }

  private mutating func applyShared(_ option: Option, _ name: String) throws(MountError) {
    switch name {
    case "endpoint": endpoint = option.value
    // The region that requests are signed for is that of the endpoint when both are given.
    case "endpoint.region": region = option.value
    case "region": region = region ?? option.value
    case "proxy.host": proxyHost = option.value
    case "proxy.port": proxyPort = UInt16(clamping: try option.integer(in: 1...65535))
    case "disable.dns.buckets":
      // False is the default, under which the endpoint decides.
      if try option.boolean { isPathStyle = true }
    case "secure.http.enabled": isSecure = try option.boolean
    case "list.objects.v1": listsVersion1 = try option.boolean
    case "bulk.delete.enabled": deletesInBulk = try option.boolean
    case "directory.suffix": guard option.value == "/" else { throw option.bad("only /") }
    case "default.mode":
      guard let bits = UInt16(option.value, radix: 8), bits <= 0o777 else {
        throw option.bad("octal permission bits such as 0700")
      }
      mode = bits
    case "server.side.encryption.enabled": encrypts = try option.boolean
    case "signer.algorithm":
      guard ["AWSS3V4SignerType", "AWS4SignerType"].contains(option.value) else {
        throw option.bad("AWSS3V4SignerType (signature version 4) only")
      }
    default: try applyTransfer(option, name)
    }
  }

  private mutating func applyTransfer(_ option: Option, _ name: String) throws(MountError) {
    switch name {
    case "request.timeout": requestTimeout = try option.duration
    case "socket.timeout": socketTimeout = try option.duration
    case "multipart.upload.partition.size", "streaming.upload.partition.size":
      // S3's bounds for all parts but the last; beyond 1 GiB a buffer is no longer reasonable.
      partSize = try option.size(in: 5 << 20...1 << 30)
    default:
      // Bounds are flow control's; ages of connections and the owner's rights have no meaning here.
      break
    }
  }

  private mutating func applyOwn(_ option: Option, _ name: String) throws(MountError) {
    switch name {
    case "credentials":
      guard let kind = CredentialKind(rawValue: option.value) else {
        throw option.bad(CredentialKind.allCases.map(\.rawValue).joined(separator: ", "))
      }
      credentialKind = kind
    case "profile": profile = option.value
    case "credentials.file": credentialsFile = option.value
    case "requester.pays": requesterPays = try option.boolean
    case "tls.ca.file": tls.caFile = option.value
    case "tls.ca.path": tls.caPath = option.value
    case "tls.certificate": tls.clientCertificate = option.value
    case "tls.key": tls.clientKey = option.value
    case "tls.verify": tls.verifies = try option.boolean
    default: break
    }
  }

  private mutating func takeCredentials(
    _ values: [String: String], _ mount: String
  ) throws(MountError) {
    let keyID = values["s3a.accessKeyId"] ?? ""
    let secret = values["s3a.secretKey"] ?? ""
    let token = values["s3a.sessionToken"] ?? ""
    guard keyID.isEmpty == secret.isEmpty else {
      let missing = keyID.isEmpty ? "s3a.accessKeyId" : "s3a.secretKey"
      throw MountError(
        .badOption(missing, value: "", accepted: "the other half of a key"), mount: mount)
    }
    if !keyID.isEmpty {
      credentials = S3Credentials(
        keyID: keyID, secret: secret, token: token.isEmpty ? nil : token)
    }
    if credentialKind == .static, credentials == nil {
      throw MountError(
        .badOption(
          Self.ownPrefix + "credentials", value: "static",
          accepted: "static only with s3a.accessKeyId and s3a.secretKey"), mount: mount)
    }
  }
}
