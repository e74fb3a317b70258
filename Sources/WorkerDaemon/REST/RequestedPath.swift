// The path a request means, settled by its {id} (compat §3).
//
// Clients disagree on escaping: 1.1.17 pastes the name (its HTTP library then escapes what must be), later
// ones escape first and hash the escaped text. The id is SHA-256 of what the client called the path, so it
// is read as a checksum: the reading whose digest is the id is the one that was meant.

package import Model

/// The path of a request, and the other reading of the same bytes where two clients would differ.
package struct RequestedPath: Equatable, Sendable {
  /// The reading to use, normalised.
  package var path: String
  /// The other reading, to be tried when `path` is not found; nil when there is only one.
  package var alternative: String?
  /// Whether the id confirms both readings, so that only the kind of client tells which file is meant.
  package var isAmbiguous = false

  /// A path with its other reading; an alternative equal to the path is dropped.
  package init(path: String, alternative: String? = nil, isAmbiguous: Bool = false) {
    self.path = path
    let isSame = alternative.map { $0.utf8.elementsEqual(path.utf8) } ?? true
    self.alternative = isSame ? nil : alternative
    self.isAmbiguous = isAmbiguous && !isSame
  }

  /// What the request means when its client escapes paths before it hashes them.
  package var fromEscapingClient: RequestedPath {
    guard isAmbiguous, let alternative else { return self }
    return RequestedPath(path: alternative, alternative: path, isAmbiguous: true)
  }

  /// The path of a form-encoded parameter: decoded as a form, and once more as the other reading.
  ///
  /// - Throws: 400 when the value is empty or no text.
  package init(form value: String, named name: String) throws(RESTProblem) {
    guard !value.isEmpty else { throw .badParameter(name, "is empty") }
    let bytes = Array(value.utf8)[...]
    var again: String?
    if PathCoding.hasEscape(bytes) {
      again = PathCoding.utf8Text(PathCoding.decode(bytes))
    }
    self.init(
      path: UFSPathText.normalised(value), alternative: again.map(UFSPathText.normalised))
  }

  /// The path of a pasted value without an id to settle it: decoded once, and twice as the other reading.
  ///
  /// - Throws: 400 when the value is empty or no text.
  package init(pasted raw: ArraySlice<UInt8>, named name: String) throws(RESTProblem) {
    guard let once = PathCoding.utf8Text(PathCoding.decode(raw)) else {
      throw .badParameter(name, "is not UTF-8 text")
    }
    try self.init(form: once, named: name)
  }

  /// The reading of `raw` whose SHA-256 is `id`, or nil when there is none.
  package init?(pasted raw: ArraySlice<UInt8>, checkedBy id: Digest256) {
    for prefix in Self.prefixLengths(of: raw) {
      let text = raw.dropFirst(prefix)
      if let found = Self.plainReading(of: text, checkedBy: id) {
        self = found
        return
      }
    }
    guard let mixed = MixedReading.find(in: raw, checkedBy: id) else { return nil }
    self.init(path: UFSPathText.normalised(mixed))
  }

  private static func plainReading(
    of raw: ArraySlice<UInt8>, checkedBy id: Digest256
  ) -> RequestedPath? {
    let once = PathCoding.decode(raw)
    if digest(raw) == id {
      guard let text = PathCoding.utf8Text(raw) else { return nil }
      let decoded = PathCoding.utf8Text(once).map(UFSPathText.normalised)
      return RequestedPath(
        path: UFSPathText.normalised(text), alternative: decoded, isAmbiguous: true)
    }
    let twice = PathCoding.decode(once[...])
    for reading in [once, twice] where digest(reading[...]) == id {
      return PathCoding.utf8Text(reading).map {
        RequestedPath(path: UFSPathText.normalised($0))
      }
    }
    return nil
  }

  /// A client may have hashed its path with or without the `alluxiofs://` it pasted.
  private static func prefixLengths(of raw: ArraySlice<UInt8>) -> [Int] {
    raw.starts(with: Array(UFSPathText.clientScheme.utf8))
      ? [0, UFSPathText.clientScheme.utf8.count] : [0]
  }

  /// SHA-256 of `bytes`.
  static func digest(_ bytes: ArraySlice<UInt8>) -> Digest256 {
    // SAFETY: the buffer is read for the duration of the call only.
    unsafe bytes.withUnsafeBytes { unsafe Digest256(of: $0) }
  }
}
