// Planned pages as bytes (docs/formats/jobstore.md).

extension PlannedPage {
  /// The page's value.
  var encoded: [UInt8] {
    SealedValue.seal { writer in
      writer.optional(page.next) { $0.text($1) }
      writer.number(page.leftOutCount)
      writer.word(UInt32(clamping: page.files.count))
      for file in page.files {
        writer.text(file.path)
        writer.text(file.version)
        writer.number(file.length)
        writer.number(file.modificationTime)
      }
      writer.word(UInt32(clamping: page.failed.count))
      for file in page.failed {
        writer.text(file.path)
        writer.number(file.length)
        writer.text(file.reason)
      }
      writer.number(page.repeatedCount)
      writer.number(page.filteredCount)
    }
  }

  /// The page that `bytes` encode; nil when they do not.
  init?(number: UInt64, decoding bytes: [UInt8]) {
    guard var reader = SealedValue.open(bytes), let next = reader.optional({ $0.text() }),
      let leftOutCount = reader.signed(), leftOutCount >= 0, let fileCount = reader.word()
    else { return nil }
    var page = ListedPage(files: [], leftOutCount: leftOutCount, next: next)
    for _ in 0..<fileCount {
      guard let path = reader.text(), let version = reader.text(), let length = reader.signed(),
        let time = reader.signed(), length >= 0
      else { return nil }
      page.files.append(
        TaskFile(path: path, version: version, length: length, modificationTime: time))
    }
    guard let failedCount = reader.word() else { return nil }
    for _ in 0..<failedCount {
      guard let path = reader.text(), let length = reader.signed(), let reason = reader.text()
      else { return nil }
      page.failed.append(FailedFile(path: path, length: length, reason: reason))
    }
    // Absent in older pages.
    if !reader.isAtEnd { page.repeatedCount = reader.signed() ?? 0 }
    if !reader.isAtEnd { page.filteredCount = reader.signed() ?? 0 }
    guard reader.isAtEnd else { return nil }
    self.init(number: number, page)
  }
}
