// A mount as a user writes it.
//
//   --mount /name=uri[,key=value…]
//
// A comma or backslash that belongs to the URI or to a value is written `\,` or `\\`.

/// What a user asked to be mounted where.
package struct MountSpecification: Sendable, Hashable {
  /// The Alluxio path: `/`, or `/name` with any number of components.
  package var alluxioPath: String
  /// The UFS URI or absolute path, as written.
  package var uri: String
  /// The options of this mount.
  package var options: [String: String]

  /// A specification of its parts.
  package init(alluxioPath: String, uri: String, options: [String: String] = [:]) {
    self.alluxioPath = alluxioPath
    self.uri = uri
    self.options = options
  }

  /// Parses the value of `--mount`.
  ///
  /// - Throws: `.malformed`, `.malformedOption`, `.duplicateOption`; none shows a credential.
  package init(parsing text: String) throws(MountError) {
    let fields = try Self.fields(text)
    guard let head = Self.pair(fields[0]), hasBytePrefix(head.key, "/"), !head.value.isEmpty else {
      throw MountError(.malformed, mount: Self.shown(text))
    }
    self.init(alluxioPath: head.key, uri: head.value)
    for (position, field) in fields.enumerated().dropFirst() {
      guard let option = Self.pair(field), !option.key.isEmpty else {
        // Not its text: it may be the rest of a secret with a comma in it.
        throw MountError(.malformedOption(position), mount: alluxioPath)
      }
      guard options.updateValue(option.value, forKey: option.key) == nil else {
        throw MountError(.duplicateOption(option.key), mount: alluxioPath)
      }
    }
  }

  /// The parts between commas that no backslash escapes, unescaped; at least one.
  private static func fields(_ text: String) throws(MountError) -> [String] {
    var fields = [""]
    var isEscaped = false
    for scalar in text.unicodeScalars {
      if isEscaped {
        guard scalar == "," || scalar == "\\" else {
          throw MountError(.malformed, mount: shown(text))
        }
        fields[fields.count - 1].unicodeScalars.append(scalar)
        isEscaped = false
      } else if scalar == "\\" {
        isEscaped = true
      } else if scalar == "," {
        fields.append("")
      } else {
        fields[fields.count - 1].unicodeScalars.append(scalar)
      }
    }
    guard !isEscaped else { throw MountError(.malformed, mount: shown(text)) }
    return fields
  }

  /// What an error shows of `text`: no options, no user.
  private static func shown(_ text: String) -> String {
    let head = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard let pair = pair(head.first.map { String(Substring($0)) } ?? "") else {
      return masked(head.first.map { String(Substring($0)) } ?? "")
    }
    return "\(pair.key)=\(masked(pair.value))"
  }

  private static func pair(_ field: String) -> (key: String, value: String)? {
    guard let cut = field.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
    return (String(field[..<cut]), String(field[field.utf8.index(after: cut)...]))
  }
}
