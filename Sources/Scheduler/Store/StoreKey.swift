// Keys of the store; numbers in keys are big-endian, so that they sort.
//
//   'j' id (16)                 record            'c' id               checkpoint
//   'i' name (16)               id of the latest  'r' id number (8)    result
//   'a' id                      has not ended     'f' id number (8)    failed file
//   's'                         schema            'p' id number (8)    planned page

/// Makes and reads keys.
enum StoreKey {
  /// The key of the schema.
  static let schema: [UInt8] = [UInt8(ascii: "s")]
  /// What keys of records begin with.
  static let records: [UInt8] = [UInt8(ascii: "j")]
  /// What keys of jobs that have not ended begin with.
  static let actives: [UInt8] = [UInt8(ascii: "a")]

  /// The key of a record.
  static func record(_ id: JobID) -> [UInt8] { records + bytes(of: id) }

  /// The key of the mark of a job that has not ended.
  static func active(_ id: JobID) -> [UInt8] { actives + bytes(of: id) }

  /// The key of a checkpoint.
  static func checkpoint(_ id: JobID) -> [UInt8] { [UInt8(ascii: "c")] + bytes(of: id) }

  /// The key of a name.
  static func name(_ name: JobIdentity) -> [UInt8] { [UInt8(ascii: "i")] + name.bytes }

  /// What keys of a job's results begin with.
  static func results(_ id: JobID) -> [UInt8] { [UInt8(ascii: "r")] + bytes(of: id) }

  /// What keys of a job's planned pages begin with.
  static func pages(_ id: JobID) -> [UInt8] { [UInt8(ascii: "p")] + bytes(of: id) }

  /// What keys of a job's failed files begin with.
  static func failures(_ id: JobID) -> [UInt8] { [UInt8(ascii: "f")] + bytes(of: id) }

  /// The eight bytes of a number in a key.
  static func number(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) }
  }

  /// The number at the end of a key.
  static func number(of key: [UInt8]) -> UInt64 { word(key.suffix(8)) }

  /// The id behind a key's first byte; nil when there is none.
  static func id(of key: [UInt8]) -> JobID? {
    guard key.count >= 17 else { return nil }
    return JobID(high: word(key[1..<9]), low: word(key[9..<17]))
  }

  /// The bytes of an id.
  static func bytes(of id: JobID) -> [UInt8] { number(id.high) + number(id.low) }

  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }
}
