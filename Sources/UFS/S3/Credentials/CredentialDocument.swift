// What metadata services answer: one flat JSON object of texts.
//
//   {"Code": "Success", "AccessKeyId": "…", "SecretAccessKey": "…", "Token": "…", "Expiration": "2026-01-01T00:00:00Z"}

/// A reader for flat JSON objects.
struct CredentialDocument: ~Copyable {
  private let bytes: [UInt8]
  private var offset = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The texts of an object by name; numbers and words are left out.
  ///
  /// Nil for anything else, nested values included.
  static func texts(_ bytes: [UInt8]) -> [String: String]? {
    var reader = CredentialDocument(bytes)
    return reader.object()
  }

  /// The credentials that `bytes` are; nil for anything else.
  static func credentials(_ bytes: [UInt8]) -> S3Credentials? {
    guard let texts = texts(bytes), let keyID = texts["AccessKeyId"], !keyID.isEmpty,
      let secret = texts["SecretAccessKey"], !secret.isEmpty
    else { return nil }
    if let code = texts["Code"], code != "Success" { return nil }
    var expiry: Int64?
    if let text = texts["Expiration"] {
      guard let time = S3Time(iso: text) else { return nil }
      expiry = time.seconds.nanoseconds
    }
    return S3Credentials(keyID: keyID, secret: secret, token: texts["Token"], expiry: expiry)
  }

  private mutating func object() -> [String: String]? {
    guard take(UInt8(ascii: "{")) else { return nil }
    var texts: [String: String] = [:]
    if take(UInt8(ascii: "}")) { return isAtEnd ? texts : nil }
    repeat {
      guard let name = string(), take(UInt8(ascii: ":")) else { return nil }
      skipSpace()
      if offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") {
        guard let value = string() else { return nil }
        texts[name] = value
      } else if !skipWord() {
        return nil
      }
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")), isAtEnd else { return nil }
    return texts
  }

  private var isAtEnd: Bool {
    bytes[offset...].allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
  }

  private mutating func string() -> String? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    var text: [UInt8] = []
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      switch byte {
      case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = escape() else { return nil }
        text.append(contentsOf: escaped)
      case 0..<0x20: return nil
      default: text.append(byte)
      }
    }
    return nil
  }

  /// What the escape after a backslash stands for; characters beyond the first plane are not used here.
  private mutating func escape() -> [UInt8]? {
    guard offset < bytes.count else { return nil }
    let byte = bytes[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "u"):
      guard bytes.count - offset >= 4 else { return nil }
      var value: UInt32 = 0
      for digit in bytes[offset..<(offset + 4)] {
        guard let nibble = Self.hexadecimal(digit) else { return nil }
        value = value << 4 | UInt32(nibble)
      }
      offset += 4
      guard let scalar = Unicode.Scalar(value) else { return nil }
      return Array(String(Character(scalar)).utf8)
    default: return nil
    }
  }

  /// Passes over a number, `true`, `false` or `null`.
  private mutating func skipWord() -> Bool {
    let start = offset
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "E"):
        offset += 1
      default: return offset > start
      }
    }
    return false
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard offset < bytes.count, bytes[offset] == byte else { return false }
    offset += 1
    return true
  }

  private mutating func skipSpace() {
    while offset < bytes.count, bytes[offset] == 0x20 || (0x09...0x0D).contains(bytes[offset]) {
      offset += 1
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension Int64 {
  /// These seconds in nanoseconds, clamped.
  var nanoseconds: Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? (self < 0 ? .min : .max) : product
  }
}
