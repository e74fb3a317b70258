// S3's error document.

/// The XML body of an S3 error.
enum S3Error {
  /// `<Error><Code>…</Code><Message>…</Message></Error>` with both texts escaped.
  static func body(code: String, message: String) -> [UInt8] {
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"
    append(code, to: &text)
    text += "</Code><Message>"
    append(message, to: &text)
    text += "</Message></Error>"
    return Array(text.utf8)
  }

  private static func append(_ value: String, to text: inout String) {
    for scalar in value.unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      // Controls cannot appear in XML 1.0, escaped or not.
      case _ where scalar.value < 0x20: text += " "
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
