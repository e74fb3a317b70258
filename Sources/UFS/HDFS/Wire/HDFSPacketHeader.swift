// The head of a packet between a client and a data node.
//
//   length(4) · head length(2) · head: offset, number, last?, data length[, sync?] · sums · data
//   └ of itself, sums and data
//
// The numbers of a head are of fixed size, so that one without `sync` has always 25 bytes.

/// What comes before the sums and data of a packet.
struct HDFSPacketHeader: Hashable, Sendable {
  /// The two lengths and the head of a packet without `sync`.
  static let usualLength = 31
  /// The longest head taken.
  static let headLengthMax = 64
  /// The longest packet taken.
  static let lengthMax = 16 << 20

  /// Offset of its first byte in the block.
  var offset: Int64
  /// Counts from 0; -1 for a sign of life.
  var number: Int64
  /// Whether nothing follows it.
  var isLast: Bool
  /// Bytes of data.
  var dataLength: Int
  /// Whether the data node is to make the block durable.
  var isSync = false

  /// A head of its parts.
  init(offset: Int64, number: Int64, isLast: Bool, dataLength: Int, isSync: Bool = false) {
    self.offset = offset
    self.number = number
    self.isLast = isLast
    self.dataLength = dataLength
    self.isSync = isSync
  }

  /// The two lengths before a head: of the sums and data, and of the head.
  static func lengths(_ bytes: [UInt8]) throws(HDFSWireError) -> (payload: Int, head: Int) {
    guard bytes.count >= 6 else { throw .truncated }
    let length = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
    let head = Int(bytes[4]) << 8 | Int(bytes[5])
    guard (4...lengthMax).contains(length), (25...headLengthMax).contains(head) else {
      throw .length
    }
    return (length - 4, head)
  }

  /// Reads a head.
  init(_ bytes: [UInt8]) throws(HDFSWireError) {
    var message = ProtobufReader(bytes)
    var (offset, number, isLast, length): (Int64?, Int64?, Bool?, Int32?) = (nil, nil, nil, nil)
    isSync = false
    while let field = try message.next() {
      switch field.number {
      case 1: offset = Int64(bitPattern: try message.eightBytes(field))
      case 2: number = Int64(bitPattern: try message.eightBytes(field))
      case 3: isLast = try message.flag(field)
      case 4: length = Int32(bitPattern: try message.fourBytes(field))
      case 5: isSync = try message.flag(field)
      default: try message.skip(field)
      }
    }
    guard let offset, let number, let isLast, let length else { throw .missing("packet") }
    guard offset >= 0, (0...Int32(Self.lengthMax)).contains(length) else { throw .length }
    (self.offset, self.number, self.isLast) = (offset, number, isLast)
    dataLength = Int(length)
  }

  /// The lengths and the head of a packet whose sums have `sumsLength` bytes.
  func bytes(sumsLength: Int) -> [UInt8] {
    let head = ProtobufWriter {
      $0.eightBytes(1, UInt64(bitPattern: offset))
      $0.eightBytes(2, UInt64(bitPattern: number))
      $0.flag(3, isLast)
      $0.fourBytes(4, UInt32(truncatingIfNeeded: dataLength))
      if isSync { $0.flag(5, true) }
    }.bytes
    var packet = ProtobufWriter()
    packet.bigEndian(UInt32(truncatingIfNeeded: 4 + sumsLength + dataLength))
    packet.byte(UInt8(truncatingIfNeeded: head.count >> 8))
    packet.byte(UInt8(truncatingIfNeeded: head.count))
    return packet.bytes + head
  }
}
