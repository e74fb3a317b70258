// The records of a page log, as changes of its database.

internal import Rocks

extension RocksBatch {
  /// Adds the record of a page.
  func put(_ page: StoredPage) {
    let key = PageRecord.key(PageRecord.pageTag, page.unit)
    let value = PageRecord.value(page)
    unsafe withUnsafeBytes(of: key) { key in
      unsafe withUnsafeBytes(of: value) { value in unsafe put(key, value) }
    }
  }

  /// Adds the removal of the record of the page at `unit`.
  func remove(unit: UInt32) {
    unsafe withUnsafeBytes(of: PageRecord.key(PageRecord.pageTag, unit)) { key in
      unsafe remove(key: key)
    }
  }

  /// Adds the record of a bad run.
  func quarantine(unit: UInt32, count: Int) {
    let value = (UInt32(PageRecord.version) | UInt32(truncatingIfNeeded: count) << 8).littleEndian
    unsafe withUnsafeBytes(of: PageRecord.key(PageRecord.badTag, unit)) { key in
      unsafe withUnsafeBytes(of: value) { value in unsafe put(key, value) }
    }
  }

  /// Adds the removal of the record of a bad run.
  func forgive(unit: UInt32) {
    unsafe withUnsafeBytes(of: PageRecord.key(PageRecord.badTag, unit)) { key in
      unsafe remove(key: key)
    }
  }

  /// Adds the record that says whose log it is.
  func own(_ id: VolumeID) {
    var value = [PageRecord.version]
    for word in [id.high, id.low] {
      for index in 0..<8 { value.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * index))) }
    }
    unsafe withUnsafeBytes(of: PageRecord.ownerTag) { key in
      unsafe value.withUnsafeBytes { value in unsafe put(key, value) }
    }
  }

  /// Adds the record that says that nothing comes after it; or its removal.
  func setClosed(_ isClosed: Bool) {
    unsafe withUnsafeBytes(of: (PageRecord.ownerTag, UInt8(0))) { key in
      guard isClosed else { return unsafe remove(key: key) }
      unsafe withUnsafeBytes(of: PageRecord.version) { value in unsafe put(key, value) }
    }
  }
}
