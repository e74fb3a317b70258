// What a batch changes in the table.

extension StoreBatch {
  /// The changes of the batch, in order.
  var changes: [TableChange] { writes.flatMap(\.changes) }
}

extension StoreWrite {
  /// The changes of one write, in order.
  var changes: [TableChange] {
    switch self {
    case .add(let record):
      let names = record.specification.identities.map { name in
        TableChange.put(key: StoreKey.name(name), value: StoreKey.bytes(of: record.id))
      }
      return Self.update(record).changes + names
    case .update(let record):
      let mark: TableChange =
        record.state.isTerminal
        ? .remove(key: StoreKey.active(record.id))
        : .put(key: StoreKey.active(record.id), value: [])
      return [.put(key: StoreKey.record(record.id), value: record.encoded), mark]
    case .checkpoint(let id, let checkpoint):
      return [.put(key: StoreKey.checkpoint(id), value: checkpoint.encoded)]
    case .result(let id, let number, let files):
      let key = StoreKey.results(id) + StoreKey.number(number)
      return [.put(key: key, value: FileDigest.encode(files))]
    case .removeResults(let id, let numbers):
      return numbers.map { .remove(key: StoreKey.results(id) + StoreKey.number($0)) }
    case .failures(let id, let first, let files):
      return files.enumerated().map { place, file in
        let key = StoreKey.failures(id) + StoreKey.number(first &+ UInt64(place))
        return .put(key: key, value: file.encoded)
      }
    case .page(let id, let page):
      let key = StoreKey.pages(id) + StoreKey.number(page.number)
      return [.put(key: key, value: page.encoded)]
    case .removePages(let id, let numbers):
      return numbers.map { .remove(key: StoreKey.pages(id) + StoreKey.number($0)) }
    case .clearWork(let id):
      return [
        .remove(key: StoreKey.checkpoint(id)), .removeAll(prefix: StoreKey.results(id)),
        .removeAll(prefix: StoreKey.pages(id)),
      ]
    case .clearFailures(let id): return [.removeAll(prefix: StoreKey.failures(id))]
    }
  }
}
