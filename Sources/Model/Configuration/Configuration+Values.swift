// Reading typed values. Each costs one look-up in a dictionary: read at start, not per request.

extension Configuration {
  /// Bytes.
  package func size(_ key: SizeKey) -> Int64 {
    guard case .size(let size) = value(key.rawValue) else { mismatch(key.rawValue) }
    return size
  }

  /// A duration; negative ones only where the key says that they mean off.
  package func duration(_ key: DurationKey) -> Duration {
    guard case .duration(let duration) = value(key.rawValue) else { mismatch(key.rawValue) }
    return duration
  }

  /// A duration in nanoseconds for timers; `UInt64.max` when it is off (negative or
  /// `Long.MAX_VALUE`) or longer than that.
  package func nanoseconds(_ key: DurationKey) -> UInt64 {
    let (seconds, attoseconds) = duration(key).components
    guard let whole = UInt64(exactly: seconds), attoseconds >= 0 else { return .max }
    let (scaled, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carried) = scaled.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
    return overflow || carried ? .max : sum
  }

  /// A whole number in the key's range.
  package func integer(_ key: IntegerKey) -> Int {
    guard case .integer(let number) = value(key.rawValue) else { mismatch(key.rawValue) }
    return Int(number)
  }

  /// A number in the key's range.
  package func number(_ key: NumberKey) -> Double {
    guard case .number(let number) = value(key.rawValue) else { mismatch(key.rawValue) }
    return number
  }

  /// A TCP port; 0 lets the kernel choose.
  package func port(_ key: PortKey) -> UInt16 {
    guard case .integer(let number) = value(key.rawValue),
      let port = UInt16(exactly: number)
    else { mismatch(key.rawValue) }
    return port
  }

  /// A truth value.
  package func boolean(_ key: BooleanKey) -> Bool {
    guard case .boolean(let truth) = value(key.rawValue) else { mismatch(key.rawValue) }
    return truth
  }

  /// Text or a path, without blanks at its ends; empty when unset.
  package func string(_ key: StringKey) -> String {
    switch value(key.rawValue) {
    case .text(let text): text
    case nil: ""
    default: mismatch(key.rawValue)
    }
  }

  /// One of the key's words, in the registry's spelling.
  package func choice(_ key: ChoiceKey) -> String {
    guard case .text(let word) = value(key.rawValue) else { mismatch(key.rawValue) }
    return word
  }

  /// True when somebody set the key that `spelling` names; false for a default.
  package func isSet(_ spelling: String) -> Bool {
    setting(spelling).map { $0.source != .default } ?? false
  }

  /// Bytes that the memory tier may hold, given the memory that the process may use.
  ///
  /// In this order: `alluxio.worker.ramdisk.size` (= `alluxio.worker.memory.size`) if set; the sum
  /// of `alluxio.worker.page.store.sizes` if `alluxio.worker.page.store.type` is MEM; else 1 GiB or
  /// a quarter of `memory`, whichever is less. A sum beyond int64 counts as the largest int64.
  ///
  /// - Parameter memory: bytes of the machine or, if smaller, of the process's cgroup.
  /// - Returns: bytes, possibly more than `memory`: whether that fits is the caller's question.
  package func memoryQuota(memory: Int64) -> Int64 {
    if case .size(let size) = value(SpecialKey.ramdiskSize.rawValue) { return size }
    if choice(.pageStoreType) == "MEM",
      case .sizes(let sizes) = value(SpecialKey.pageStoreSizes.rawValue)
    {
      return sizes.reduce(0) { sum, size in
        let (total, overflow) = sum.addingReportingOverflow(size)
        return overflow ? .max : total
      }
    }
    return min(1 << 30, memory / 4)
  }

  /// The address that clients are told for this worker: `alluxio.worker.hostname`, else `fallback`.
  package func advertisedHost(fallback: String) -> String {
    let name = string(.hostname)
    return name.isEmpty ? fallback : name
  }

  private func value(_ name: String) -> ConfigurationValue? { setting(name)?.value }

  private func mismatch(_ name: String) -> Never {
    preconditionFailure("the registry gives \(name) a default of the type it is read as")
  }
}
