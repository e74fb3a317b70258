// The shared credentials file of AWS's tools.
//
//   [default]
//   aws_access_key_id = …
//   aws_secret_access_key = …
//   aws_session_token = …        (rarely)

/// The profiles of a shared credentials file.
enum CredentialProfiles {
  /// The credentials of `profile` in the text of a file; nil when the profile is not there or has no key.
  ///
  /// Lines that are no assignments are passed over; `#` and `;` begin comments.
  static func credentials(of profile: String, in text: String) -> S3Credentials? {
    var isInside = false
    var values: [String: String] = [:]
    for line in text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
      let line = trimmed(line)
      guard let first = line.first, first != UInt8(ascii: "#"), first != UInt8(ascii: ";") else {
        continue
      }
      if first == UInt8(ascii: "[") {
        guard line.last == UInt8(ascii: "]") else { continue }
        isInside = trimmed(line.dropFirst().dropLast()).elementsEqual(profile.utf8)
      } else if isInside, let cut = line.firstIndex(of: UInt8(ascii: "=")) {
        let key = String(Substring(trimmed(line[..<cut]))).lowercased()
        let value = trimmed(line[line.index(after: cut)...])
        values[key] = String(Substring(value))
      }
    }
    guard let keyID = values["aws_access_key_id"], !keyID.isEmpty,
      let secret = values["aws_secret_access_key"], !secret.isEmpty
    else { return nil }
    let token = values["aws_session_token"] ?? ""
    return S3Credentials(keyID: keyID, secret: secret, token: token.isEmpty ? nil : token)
  }

  private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
    let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    guard let first = text.firstIndex(where: { !isBlank($0) }),
      let last = text.lastIndex(where: { !isBlank($0) })
    else { return text[text.startIndex..<text.startIndex] }
    return text[first...last]
  }
}
