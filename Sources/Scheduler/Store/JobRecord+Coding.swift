// A job's record as bytes (docs/formats/jobstore.md).

import Model

extension JobRecord {
  /// The record's value; its id is in the key.
  package var encoded: [UInt8] {
    SealedValue.seal { writer in
      writer.byte(state.rawValue)
      writer.number(submittedAt)
      writer.optional(startedAt) { $0.number($1) }
      writer.optional(endedAt) { $0.number($1) }
      writer.optional(failure) { $0.text($1) }
      writer.optional(failedListPath) { $0.text($1) }
      specification.encode(to: &writer)
      totals.encode(to: &writer)
      totals.encodeAdded(to: &writer)
    }
  }

  /// The record of `id` that `bytes` encode; nil when they do not.
  package init?(id: JobID, decoding bytes: [UInt8]) {
    guard var reader = SealedValue.open(bytes), let state = reader.byte().flatMap(JobState.init),
      let submittedAt = reader.signed(), let startedAt = reader.optional({ $0.signed() }),
      let endedAt = reader.optional({ $0.signed() }), let failure = reader.optional({ $0.text() }),
      let failedListPath = reader.optional({ $0.text() }),
      let specification = JobSpecification(from: &reader), var totals = JobTotals(from: &reader)
    else { return nil }
    totals.takeAdded(from: &reader)
    guard reader.isAtEnd else { return nil }
    self.init(id: id, specification, submittedAt: submittedAt)
    self.state = state
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.failure = failure
    self.failedListPath = failedListPath
    self.totals = totals
  }
}

extension JobSpecification {
  func encode(to writer: inout ByteWriter) {
    writer.byte(type.rawValue)
    let (kind, texts): (UInt8, [String]) =
      switch target {
      case .paths(let paths): (1, paths)
      case .index(let path): (2, [path])
      case .transfer(let source, let destination): (3, [source, destination])
      case .indexedTransfer(let index, let source, let destination):
        (4, [index, source, destination])
      }
    writer.byte(kind)
    writer.word(UInt32(truncatingIfNeeded: texts.count))
    for text in texts { writer.text(text) }
    writer.optional(alias) { $0.text($1) }
    writer.text(user)
    options.encode(to: &writer)
  }

  init?(from reader: inout ByteReader) {
    guard let type = reader.byte().flatMap(JobType.init), let kind = reader.byte(),
      let count = reader.word()
    else { return nil }
    var texts: [String] = []
    for _ in 0..<count {
      guard let text = reader.text() else { return nil }
      texts.append(text)
    }
    guard let target = JobTarget(kind: kind, texts), let alias = reader.optional({ $0.text() }),
      let user = reader.text(), let options = JobOptions(from: &reader)
    else { return nil }
    self.init(type, target, alias: alias, options: options, user: user)
  }
}

extension JobTarget {
  fileprivate init?(kind: UInt8, _ texts: [String]) {
    switch (kind, texts.count) {
    case (1, 1...): self = .paths(texts)
    case (2, 1): self = .index(texts[0])
    case (3, 2): self = .transfer(source: texts[0], destination: texts[1])
    case (4, 3):
      self = .indexedTransfer(index: texts[0], source: texts[1], destination: texts[2])
    default: return nil
    }
  }
}

extension JobOptions {
  fileprivate func encode(to writer: inout ByteWriter) {
    writer.optional(bandwidth) { $0.number($1) }
    for flag in [
      verify, partialListing, metadataOnly, skipIfExists, recursive, checkContent,
    ] { writer.flag(flag) }
    writer.optional(fileFilter) { $0.text($1) }
    writer.word(UInt32(bitPattern: replicas))
    writer.optional(batchSize) { $0.word(UInt32(bitPattern: $1)) }
    writer.word(UInt32(bitPattern: priority))
    writer.byte(overwrite.rawValue)
  }

  fileprivate init?(from reader: inout ByteReader) {
    guard let bandwidth = reader.optional({ $0.signed() }), let verify = reader.flag(),
      let partialListing = reader.flag(), let metadataOnly = reader.flag(),
      let skipIfExists = reader.flag(), let recursive = reader.flag(),
      let checkContent = reader.flag(), let fileFilter = reader.optional({ $0.text() }),
      let replicas = reader.word(), let batchSize = reader.optional({ $0.word() }),
      let priority = reader.word(), let overwrite = reader.byte().flatMap(OverwriteRule.init)
    else { return nil }
    self.init()
    self.bandwidth = bandwidth
    self.verify = verify
    self.partialListing = partialListing
    self.metadataOnly = metadataOnly
    self.skipIfExists = skipIfExists
    self.recursive = recursive
    self.checkContent = checkContent
    self.fileFilter = fileFilter
    self.replicas = Int32(bitPattern: replicas)
    self.batchSize = batchSize.map { Int32(bitPattern: $0) }
    self.priority = Int32(bitPattern: priority)
    self.overwrite = overwrite
  }
}
