// Counts and checkpoints as bytes (docs/formats/jobstore.md). What is in flight is not written: after a restart nothing is.

import Model

extension JobTotals {
  func encode(to writer: inout ByteWriter) {
    ledger.encode(to: &writer)
    writer.optional(verification) { $1.encode(to: &$0) }
    for number in [
      subtasks, failedSubtasks, retriedSubtasks, givenBack.files, givenBack.bytes,
      verificationCount,
    ] { writer.number(number) }
    writer.flag(isListed)
  }

  init?(from reader: inout ByteReader) {
    guard let ledger = JobLedger(from: &reader),
      let verification = reader.optional({ JobLedger(from: &$0) }),
      let subtasks = reader.signed(), let failedSubtasks = reader.signed(),
      let retriedSubtasks = reader.signed(), let files = reader.signed(),
      let bytes = reader.signed(), let verificationCount = reader.signed(),
      let isListed = reader.flag()
    else { return nil }
    self.init()
    self.ledger = ledger
    self.verification = verification
    self.subtasks = subtasks
    self.failedSubtasks = failedSubtasks
    self.retriedSubtasks = retriedSubtasks
    self.givenBack = FileCount(files: files, bytes: bytes)
    self.verificationCount = verificationCount
    self.isListed = isListed
  }

  /// Writes what came to the format later: it ends the record and the checkpoint.
  func encodeAdded(to writer: inout ByteWriter) {
    writer.number(repeatedPaths)
    writer.number(filteredFiles)
  }

  /// Reads as much of it as there is.
  mutating func takeAdded(from reader: inout ByteReader) {
    if !reader.isAtEnd { repeatedPaths = reader.signed() ?? 0 }
    if !reader.isAtEnd { filteredFiles = reader.signed() ?? 0 }
  }
}

extension JobLedger {
  fileprivate func encode(to writer: inout ByteWriter) {
    for count in [loaded, skipped, failed] {
      writer.number(count.files)
      writer.number(count.bytes)
    }
    writer.number(loadedNonEmpty)
  }

  fileprivate init?(from reader: inout ByteReader) {
    var counts: [FileCount] = []
    for _ in 0..<3 {
      guard let files = reader.signed(), let bytes = reader.signed(), files >= 0, bytes >= 0 else {
        return nil
      }
      counts.append(FileCount(files: files, bytes: bytes))
    }
    guard let loadedNonEmpty = reader.signed(), loadedNonEmpty >= 0 else { return nil }
    self.init(
      loaded: counts[0], skipped: counts[1], failed: counts[2], loadedNonEmpty: loadedNonEmpty)
  }
}

extension JobCheckpoint {
  /// The checkpoint's value.
  package var encoded: [UInt8] {
    SealedValue.seal { writer in
      writer.flag(isVerification)
      writer.optional(cursor) { $0.text($1) }
      writer.flag(isListed)
      writer.number(nextResult)
      writer.number(failureCount)
      totals.encode(to: &writer)
      reliance.encode(to: &writer)
      totals.encodeAdded(to: &writer)
    }
  }

  /// The checkpoint that `bytes` encode; nil when they do not.
  package init?(decoding bytes: [UInt8]) {
    guard var reader = SealedValue.open(bytes), let isVerification = reader.flag(),
      let cursor = reader.optional({ $0.text() }), let isListed = reader.flag(),
      let nextResult = reader.number(), let failureCount = reader.number(),
      var totals = JobTotals(from: &reader), let reliance = JobReliance(from: &reader)
    else { return nil }
    totals.takeAdded(from: &reader)
    guard reader.isAtEnd else { return nil }
    self.init()
    self.isVerification = isVerification
    self.cursor = cursor
    self.isListed = isListed
    self.nextResult = nextResult
    self.failureCount = failureCount
    self.totals = totals
    self.reliance = reliance
  }
}

extension FailedFile {
  /// The value of a failed file.
  package var encoded: [UInt8] {
    SealedValue.seal { writer in
      writer.text(path)
      writer.number(length)
      writer.text(reason)
    }
  }

  /// The failed file that `bytes` encode; nil when they do not.
  package init?(decoding bytes: [UInt8]) {
    guard var reader = SealedValue.open(bytes), let path = reader.text(),
      let length = reader.signed(), let reason = reader.text(), reader.isAtEnd
    else { return nil }
    self.init(path: path, length: length, reason: reason)
  }
}

extension FileDigest {
  /// The value of a result: 16 bytes per file.
  static func encode(_ digests: [FileDigest]) -> [UInt8] {
    SealedValue.seal { writer in
      for digest in digests {
        writer.number(digest.high)
        writer.number(digest.low)
      }
    }
  }

  /// The digests that `bytes` encode; nil when they do not.
  static func decode(_ bytes: [UInt8]) -> [FileDigest]? {
    guard var reader = SealedValue.open(bytes) else { return nil }
    var digests: [FileDigest] = []
    while !reader.isAtEnd {
      guard let high = reader.number(), let low = reader.number() else { return nil }
      digests.append(FileDigest(high: high, low: low))
    }
    return digests
  }
}
