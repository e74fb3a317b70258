// What a volume's file says of itself, twice, at its start; docs/formats/volume.md has every byte.
//
//   0      magic "PENVOLUM"            44  unused
//   8      u32 format version          48  u64 units
//   12     u32 page size               56  u64 creation, seconds since 1970
//   16     u64 u64 volume id           64  u64 generation
//   32     u64 offset of unit 0        72  u16 bytes of the cluster's name, the name
//   40     u32 units of a block        4092  u32 CRC32C of all before it
//
// All numbers are little-endian. Of two good copies the one of the higher generation is right.

internal import CLinux

/// The description of a volume.
struct Superblock: Equatable, Sendable {
  /// The format this code reads and writes.
  static let version: UInt32 = 1
  /// Bytes of one copy, and where the copies lie.
  static let size = 4096
  static let offsets: [Int64] = [0, 8192]
  /// Where the first unit lies.
  static let dataOffset: Int64 = 64 << 10
  /// Most bytes of a cluster's name.
  static let clusterMax = 1024
  private static let magic = Array("PENVOLUM".utf8)

  /// Identity of the volume.
  var id: VolumeID
  /// Name of the cluster whose pages it has.
  var cluster: String
  /// Bytes of a full page.
  var pageSize: Int
  /// Units of the volume, whole blocks.
  var unitCount: UInt32
  /// Seconds since 1970 when the volume was made.
  var created: UInt64
  /// Counts rewrites.
  var generation: UInt64 = 1

  /// What one copy's bytes are.
  enum Copy: Equatable {
    case good(Superblock)
    /// A superblock of another format, whole by its checksum.
    case version(UInt32)
    /// The bytes of a superblock, but not all of them.
    case damaged
    /// Not a superblock at all.
    case foreign
  }

  /// The bytes of one copy.
  func encoded() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Superblock.size)
    let name = Array(cluster.utf8.prefix(Superblock.clusterMax))
    bytes.replaceSubrange(0..<8, with: Superblock.magic)
    Superblock.put(Superblock.version, at: 8, in: &bytes)
    Superblock.put(UInt32(pageSize), at: 12, in: &bytes)
    Superblock.put(id.high, at: 16, in: &bytes)
    Superblock.put(id.low, at: 24, in: &bytes)
    Superblock.put(UInt64(Superblock.dataOffset), at: 32, in: &bytes)
    Superblock.put(UInt32(DiskLayout(pageSize: pageSize).unitsPerBlock), at: 40, in: &bytes)
    Superblock.put(UInt64(unitCount), at: 48, in: &bytes)
    Superblock.put(created, at: 56, in: &bytes)
    Superblock.put(generation, at: 64, in: &bytes)
    Superblock.put(UInt16(name.count), at: 72, in: &bytes)
    bytes.replaceSubrange(74..<74 + name.count, with: name)
    Superblock.put(Superblock.sum(bytes), at: Superblock.size - 4, in: &bytes)
    return bytes
  }

  /// Reads one copy; any bytes may be given.
  static func decode(_ bytes: [UInt8]) -> Copy {
    guard bytes.count == size else { return .foreign }
    guard bytes.starts(with: magic) else { return .foreign }
    guard get(UInt32.self, at: size - 4, in: bytes) == sum(bytes) else { return .damaged }
    let version = get(UInt32.self, at: 8, in: bytes)
    guard version == Superblock.version else { return .version(version) }
    let pageSize = Int(get(UInt32.self, at: 12, in: bytes))
    let count = Int(get(UInt16.self, at: 72, in: bytes))
    guard pageSize >= 64 << 10, pageSize <= 16 << 20, pageSize & (pageSize - 1) == 0,
      get(UInt64.self, at: 32, in: bytes) == UInt64(dataOffset), count <= clusterMax,
      let unitCount = UInt32(exactly: get(UInt64.self, at: 48, in: bytes)),
      let cluster = String(validating: bytes[74..<74 + count], as: UTF8.self)
    else { return .damaged }
    let unitsPerBlock = DiskLayout(pageSize: pageSize).unitsPerBlock
    guard get(UInt32.self, at: 40, in: bytes) == UInt32(unitsPerBlock),
      unitCount > 0, Int(unitCount) % unitsPerBlock == 0
    else { return .damaged }
    return .good(
      Superblock(
        id: VolumeID(
          high: get(UInt64.self, at: 16, in: bytes), low: get(UInt64.self, at: 24, in: bytes)),
        cluster: cluster, pageSize: pageSize, unitCount: unitCount,
        created: get(UInt64.self, at: 56, in: bytes),
        generation: get(UInt64.self, at: 64, in: bytes)))
  }

  /// Bytes of the file of this volume.
  var fileSize: Int64 { Superblock.dataOffset + Int64(unitCount) * Int64(DiskLayout.unitSize) }

  private static func sum(_ bytes: [UInt8]) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe pen_crc32c(0, $0.baseAddress, size - 4) }
  }

  private static func put<T: FixedWidthInteger>(_ value: T, at offset: Int, in bytes: inout [UInt8])
  {
    for index in 0..<MemoryLayout<T>.size {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> T(8 * index))
    }
  }

  private static func get<T: FixedWidthInteger>(
    _ type: T.Type, at offset: Int, in bytes: [UInt8]
  ) -> T {
    (0..<MemoryLayout<T>.size).reduce(0) {
      $0 | T(truncatingIfNeeded: bytes[offset + $1]) << T(8 * $1)
    }
  }
}
