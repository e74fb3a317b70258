// Options of a `file://` mount.

extension LocalUFS {
  /// How a local mount is used.
  ///
  /// Key | Accepted | Default | Meaning
  /// --- | --- | --- | ---
  /// `readonly` | `true`, `false` | `false` | refuse every change with 403
  /// `direct` | `auto`, `always`, `never` | `never`, for load jobs `auto` | read past the page cache, see `Direct`
  /// `descriptors` | 0 … 65536 | 64 | open files kept per ring
  package struct Options: Sendable, Hashable {
    /// When reads go past the page cache (O_DIRECT).
    ///
    /// The default is `never`, and `auto` for load jobs. A read of what the page cache holds copies at memory speed, O_DIRECT goes to the device
    /// all the same, and demand reads of single pages lose the kernel's read-ahead. `auto` first takes what the page
    /// cache holds and goes past it for the rest: the choice for files read once, in large pieces, by many requests at
    /// a time, where a second copy in the page cache is waste. Reads that are small or not aligned to 4 KiB are
    /// buffered in every mode, and so is everything on a file system without O_DIRECT.
    package enum Direct: String, Sendable, Hashable, CaseIterable { case auto, always, never }

    /// Refuses every change.
    package var isReadOnly: Bool
    /// When reads go past the page cache.
    package var direct: Direct
    /// When reads of load jobs go past the page cache: they are large, come once, and keep several reads in flight.
    package var directForLoads = Direct.auto
    /// Open files kept per ring; 0 keeps none.
    package var descriptorCount: Int

    /// Options of their parts.
    package init(isReadOnly: Bool = false, direct: Direct = .never, descriptorCount: Int = 64) {
      precondition(descriptorCount >= 0, "a count is not negative")
      self.isReadOnly = isReadOnly
      self.direct = direct
      self.descriptorCount = descriptorCount
    }

    /// The options of a mount as a user wrote them.
    ///
    /// - Throws: `.unknownOption`, `.badOption`.
    package init(parsing options: [String: String], mount: String) throws(MountError) {
      self.init()
      // In order, so that of several mistakes the same one is named each time.
      for (key, value) in options.sorted(by: { $0.key < $1.key }) {
        switch key {
        case "readonly":
          guard value == "true" || value == "false" else {
            throw Self.bad(key, value, "true or false", mount)
          }
          isReadOnly = value == "true"
        case "direct":
          guard let direct = Direct(rawValue: value) else {
            throw Self.bad(key, value, "auto, always or never", mount)
          }
          self.direct = direct
          directForLoads = direct
        case "descriptors":
          guard let count = Int(value), (0...65536).contains(count) else {
            throw Self.bad(key, value, "a number from 0 to 65536", mount)
          }
          descriptorCount = count
        default:
          throw MountError(
            .unknownOption(key, known: ["descriptors", "direct", "readonly"]), mount: mount)
        }
      }
    }

    /// When reads for `purpose` go past the page cache.
    func direct(for purpose: UFSPurpose) -> Direct {
      purpose == .load ? directForLoads : direct
    }

    private static func bad(
      _ key: String, _ value: String, _ accepted: String, _ mount: String
    ) -> MountError {
      MountError(.badOption(key, value: value, accepted: accepted), mount: mount)
    }
  }
}
