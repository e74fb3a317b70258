// A job's reliance as bytes (docs/formats/jobstore.md).

import Model

extension JobReliance {
  /// Workers that a value names at most.
  private static let countMax: UInt32 = 100_000

  func encode(to writer: inout ByteWriter) {
    writer.flag(isShort)
    writer.optional(lost) { $1.encode(to: &$0) }
    writer.word(UInt32(clamping: incarnations.count))
    for (worker, incarnation) in incarnations.sorted(by: { $0.key < $1.key }) {
      worker.encode(to: &writer)
      writer.number(incarnation)
    }
  }

  init?(from reader: inout ByteReader) {
    guard let isShort = reader.flag(), let lost = reader.optional({ WorkerIdentity(from: &$0) }),
      let count = reader.word(), count <= Self.countMax
    else { return nil }
    var incarnations: [WorkerIdentity: UInt64] = [:]
    for _ in 0..<count {
      guard let worker = WorkerIdentity(from: &reader), let incarnation = reader.number()
      else { return nil }
      incarnations[worker] = incarnation
    }
    self.init(incarnations, lost: lost, isShort: isShort)
  }
}

extension WorkerIdentity {
  fileprivate func encode(to writer: inout ByteWriter) {
    writer.number(high)
    writer.number(low)
  }

  fileprivate init?(from reader: inout ByteReader) {
    guard let high = reader.number(), let low = reader.number() else { return nil }
    self.init(high: high, low: low)
  }
}
