// One reply of ListObjects or ListObjectsV2.

import HTTPWire

/// A page of a listing: objects and common prefixes, each in the order of their keys.
struct S3ListPage: Sendable {
  /// One object.
  struct Object: Sendable, Hashable {
    /// The whole key.
    var key = ""
    /// Bytes.
    var length: Int64 = -1
    /// The entity tag, quotes included; empty when the store gave none.
    var entityTag = ""
    /// Seconds since the epoch; 0 when unknown.
    var modified: Int64 = 0
  }

  /// The objects.
  var objects: [Object] = []
  /// What keys up to the next delimiter have in common, delimiter included.
  var prefixes: [String] = []
  /// Keys that are no text.
  var unreadableCount = 0
  /// Whether more follows.
  var isTruncated = false
  /// Where version 2 goes on; empty when there is none.
  var continuation = ""
  /// Where version 1 goes on, when the store says so.
  var marker = ""

  /// An empty page.
  init() {}

  /// Reads a reply.
  ///
  /// - Throws: What is wrong with it; a page that cannot be read whole is never taken for a shorter one.
  init(parsing bytes: [UInt8]) throws(XMLProblem) {
    var xml = XMLReader(bytes)
    guard try xml.root() == "ListBucketResult" else { throw .unexpected }
    var isEncoded = false
    var hasTruncation = false
    while let name = try xml.child() {
      switch name {
      case "IsTruncated":
        isTruncated = try Self.boolean(try xml.text())
        hasTruncation = true
      case "EncodingType": isEncoded = try xml.text() == "url"
      case "NextContinuationToken": continuation = try xml.text()
      case "NextMarker": marker = try xml.text()
      case "Contents": objects.append(try Self.object(&xml))
      case "CommonPrefixes": try Self.prefixes(&xml, into: &prefixes)
      default: try xml.skip()
      }
    }
    try xml.end()
    // A listing that does not say whether it is whole must not pass for one that is.
    guard hasTruncation else { throw .unexpected }
    if isEncoded { try decode() }
  }

  private static func object(_ xml: inout XMLReader) throws(XMLProblem) -> Object {
    var object = Object()
    while let name = try xml.child() {
      switch name {
      case "Key": object.key = try xml.text()
      case "Size":
        guard let length = Int64(try xml.text()), length >= 0 else { throw .unexpected }
        object.length = length
      case "ETag": object.entityTag = try xml.text()
      case "LastModified":
        guard let time = S3Time(iso: try xml.text()) else { throw .unexpected }
        object.modified = time.seconds
      default: try xml.skip()
      }
    }
    guard !object.key.isEmpty, object.length >= 0 else { throw .unexpected }
    return object
  }

  private static func prefixes(
    _ xml: inout XMLReader, into prefixes: inout [String]
  ) throws(XMLProblem) {
    while let name = try xml.child() {
      if name == "Prefix" { prefixes.append(try xml.text()) } else { try xml.skip() }
    }
  }

  private static func boolean(_ text: String) throws(XMLProblem) -> Bool {
    switch text {
    case "true": return true
    case "false": return false
    default: throw .unexpected
    }
  }

  /// Resolves the escapes of `encoding-type=url`.
  private mutating func decode() throws(XMLProblem) {
    var readable: [Object] = []
    readable.reserveCapacity(objects.count)
    for var object in objects {
      guard let key = try Self.decoded(object.key) else {
        unreadableCount += 1
        continue
      }
      object.key = key
      readable.append(object)
    }
    objects = readable
    var names: [String] = []
    for prefix in prefixes {
      guard let name = try Self.decoded(prefix) else {
        unreadableCount += 1
        continue
      }
      names.append(name)
    }
    prefixes = names
    marker = try Self.decoded(marker) ?? ""
  }

  /// The text behind escapes; nil when it is none.
  private static func decoded(_ text: String) throws(XMLProblem) -> String? {
    if !text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) {
      return text
    }
    var copy = text
    let bytes = copy.withUTF8 { bytes in
      unsafe PercentCoding.decode(UnsafeRawBufferPointer(bytes), mode: .strict, form: true)
    }
    guard let bytes else { throw .malformed }
    return String(validating: bytes, as: UTF8.self)
  }
}
