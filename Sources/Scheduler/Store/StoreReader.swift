// Questions to a store, asked of its table.

/// Reads jobs from a table.
struct StoreReader<Table: StoreTable> {
  private let table: Table

  /// A reader of `table`.
  init(_ table: Table) { self.table = table }

  /// See ``JobStore/recover(_:)``.
  func recover(_ visit: (RecoveredJob) -> Void) throws(SchedulerError) {
    var ids: [JobID] = []
    try table.scan(prefix: StoreKey.actives, from: StoreKey.actives, isDownwards: false) { key, _ in
      if let id = StoreKey.id(of: key) { ids.append(id) }
      return true
    }
    for id in ids { visit(try recovered(id)) }
  }

  private func recovered(_ id: JobID) throws(SchedulerError) -> RecoveredJob {
    guard let value = try table.value(of: StoreKey.record(id)) else {
      return .damaged(id, reason: "it is missing")
    }
    guard let record = JobRecord(id: id, decoding: value) else {
      return .damaged(id, reason: "its bytes do not fit their checksum")
    }
    guard record.state != .waiting else { return .active(record, nil, []) }
    var checkpoint: JobCheckpoint?
    if let value = try table.value(of: StoreKey.checkpoint(id)) {
      guard let decoded = JobCheckpoint(decoding: value) else {
        return .damaged(id, reason: "the bytes of its checkpoint do not fit their checksum")
      }
      checkpoint = decoded
    }
    var results: [RecoveredJob.Result] = []
    var isSound = true
    let prefix = StoreKey.results(id)
    try table.scan(prefix: prefix, from: prefix, isDownwards: false) { key, value in
      guard let files = FileDigest.decode(value) else {
        isSound = false
        return false
      }
      results.append(RecoveredJob.Result(number: StoreKey.number(of: key), files: files))
      return true
    }
    guard isSound else {
      return .damaged(id, reason: "the bytes of a result do not fit their checksum")
    }
    guard let pages = try pages(of: id) else {
      return .damaged(id, reason: "the bytes of a page do not fit their checksum")
    }
    if !pages.isEmpty {
      var known = checkpoint ?? JobCheckpoint()
      known.pages = pages
      checkpoint = known
    }
    return .active(record, checkpoint, results)
  }

  /// The planned pages of a job; nil when one is damaged.
  private func pages(of id: JobID) throws(SchedulerError) -> [PlannedPage]? {
    var pages: [PlannedPage] = []
    var isSound = true
    let prefix = StoreKey.pages(id)
    try table.scan(prefix: prefix, from: prefix, isDownwards: false) { key, value in
      guard let page = PlannedPage(number: StoreKey.number(of: key), decoding: value) else {
        isSound = false
        return false
      }
      pages.append(page)
      return true
    }
    return isSound ? pages : nil
  }

  /// See ``JobStore/list(_:)``; records that cannot be read are left out.
  func list(_ query: JobQuery) throws(SchedulerError) -> JobPage {
    var page = JobPage()
    try table.scan(
      prefix: StoreKey.records, from: start(of: query), isDownwards: query.isNewestFirst
    ) { key, value in
      guard let id = StoreKey.id(of: key), let record = JobRecord(id: id, decoding: value),
        query.wants(record)
      else { return true }
      guard page.records.count < query.limit else {
        page.next = page.records.last?.id
        return false
      }
      page.records.append(record)
      return true
    }
    return page
  }

  /// See ``JobStore/count(_:)``; records that cannot be read are left out when a type or a state is asked for.
  func count(_ query: JobQuery) throws(SchedulerError) -> Int {
    var count = 0
    try table.scan(prefix: StoreKey.records, from: StoreKey.records, isDownwards: false) {
      key, value in
      if query.type == nil, query.state == nil {
        count += 1
      } else if let id = StoreKey.id(of: key), let record = JobRecord(id: id, decoding: value),
        query.wants(record)
      {
        count += 1
      }
      return true
    }
    return count
  }

  private func start(of query: JobQuery) -> [UInt8] {
    guard let after = query.after else {
      return query.isNewestFirst ? [StoreKey.records[0] + 1] : StoreKey.records
    }
    // Upwards the next key is the first one that is longer; downwards the scan begins before its start.
    return StoreKey.record(after) + (query.isNewestFirst ? [] : [0])
  }

  /// See ``JobStore/record(of:)``.
  func record(of id: JobID) throws(SchedulerError) -> JobRecord? {
    guard let value = try table.value(of: StoreKey.record(id)) else { return nil }
    guard let record = JobRecord(id: id, decoding: value) else {
      throw SchedulerError(.corrupt, "the record of job \(id) does not fit its checksum")
    }
    return record
  }

  /// See ``JobStore/latest(_:)``.
  func latest(_ name: JobIdentity) throws(SchedulerError) -> JobID? {
    try table.value(of: StoreKey.name(name)).flatMap { StoreKey.id(of: [0] + $0) }
  }

  /// See ``JobStore/failures(of:from:limit:)``.
  func failures(
    of id: JobID, from first: UInt64, limit: Int
  ) throws(SchedulerError) -> [FailedFile] {
    var files: [FailedFile] = []
    let prefix = StoreKey.failures(id)
    try table.scan(
      prefix: prefix, from: prefix + StoreKey.number(first), isDownwards: false
    ) { _, value in
      guard files.count < limit else { return false }
      files.append(
        FailedFile(decoding: value)
          ?? FailedFile(path: "(unknown)", length: 0, reason: "the record of it is damaged"))
      return true
    }
    return files
  }

  /// Jobs that ended before a time, at most `limit`.
  func ended(before date: Int64, limit: Int) throws(SchedulerError) -> [JobRecord] {
    var records: [JobRecord] = []
    try table.scan(prefix: StoreKey.records, from: StoreKey.records, isDownwards: false) {
      guard let id = StoreKey.id(of: $0), let record = JobRecord(id: id, decoding: $1) else {
        return true
      }
      if record.state.isTerminal, let ended = record.endedAt, ended < date {
        records.append(record)
      }
      return records.count < limit
    }
    return records
  }

  /// What removes jobs, and their names unless those are a later job's.
  func removal(of records: [JobRecord]) throws(SchedulerError) -> [TableChange] {
    var changes: [TableChange] = []
    for record in records {
      changes += [
        .remove(key: StoreKey.record(record.id)), .removeAll(prefix: StoreKey.failures(record.id)),
        .removeAll(prefix: StoreKey.results(record.id)),
        .removeAll(prefix: StoreKey.pages(record.id)),
        .remove(key: StoreKey.checkpoint(record.id)),
      ]
      for name in record.specification.identities where try latest(name) == record.id {
        changes.append(.remove(key: StoreKey.name(name)))
      }
    }
    return changes
  }
}
