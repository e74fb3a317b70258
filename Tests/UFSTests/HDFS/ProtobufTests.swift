import Testing

@testable import UFS

@Suite("Protocol Buffers of HDFS")
struct ProtobufTests {
  @Test("fields are written as the format's own examples are")
  func vectors() {
    // From the format's description: field 1 = 150; field 2 = "testing"; field 3 = a message with field 1 = 150.
    #expect(ProtobufWriter { $0.number(1, 150) }.bytes == [0x08, 0x96, 0x01])
    #expect(
      ProtobufWriter { $0.text(2, "testing") }.bytes
        == [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67])
    #expect(
      ProtobufWriter { $0.nested(3) { $0.number(1, 150) } }.bytes
        == [0x1A, 0x03, 0x08, 0x96, 0x01])
    // Zigzag: 0, -1, 1, -2 are 0, 1, 2, 3.
    for (value, code) in [(0, 0), (-1, 1), (1, 2), (-2, 3)] {
      #expect(ProtobufWriter { $0.zigzag(1, Int64(value)) }.bytes == [0x08, UInt8(code)])
    }
    #expect(ProtobufWriter { $0.fourBytes(4, 0x0102_0304) }.bytes == [0x25, 4, 3, 2, 1])
    #expect(ProtobufWriter { $0.number(3, .max) }.bytes.count == 11)
  }

  @Test("what is written is read, and unknown fields are passed over")
  func roundTrip() throws {
    let bytes = ProtobufWriter {
      $0.number(1, .max)
      $0.zigzag(2, .min)
      $0.text(3, "né")
      $0.eightBytes(4, 77)
      $0.fourBytes(5, 78)
      $0.array(6, [])
    }.bytes
    var reader = ProtobufReader(bytes)
    for number in 1...6 as ClosedRange<UInt32> {
      let field = try #require(try reader.next())
      #expect(field.number == number)
      switch number {
      case 1: #expect(try reader.number(field) == .max)
      case 2: #expect(try reader.zigzag(field) == .min)
      case 3: #expect(try reader.text(field) == "né")
      case 4: #expect(try reader.eightBytes(field) == 77)
      case 5: #expect(try reader.fourBytes(field) == 78)
      default: #expect(try reader.array(field) == [])
      }
    }
    #expect(try reader.next() == nil)
    var skipping = ProtobufReader(bytes)
    while let field = try skipping.next() { try skipping.skip(field) }
    #expect(skipping.remaining == 0)
  }

  @Test("numbers too long, lengths beyond the end and wrong kinds are errors")
  func errors() {
    func read(_ bytes: [UInt8]) throws(HDFSWireError) {
      var reader = ProtobufReader(bytes)
      while let field = try reader.next() { try reader.skip(field) }
    }
    let eleven = [UInt8](repeating: 0xFF, count: 10) + [0]
    #expect(throws: HDFSWireError.number) { try read([0x08] + eleven) }
    #expect(throws: HDFSWireError.number) {
      try read([0x08] + [UInt8](repeating: 0xFF, count: 9) + [2])
    }
    #expect(throws: HDFSWireError.truncated) { try read([0x08]) }
    #expect(throws: HDFSWireError.truncated) { try read([0x0A, 2, 1]) }
    #expect(throws: HDFSWireError.truncated) {
      try read([0x0A] + [UInt8](repeating: 0xFF, count: 9) + [1])
    }
    #expect(throws: HDFSWireError.truncated) { try read([0x09, 1, 2, 3]) }
    #expect(throws: HDFSWireError.field) { try read([0x0B]) }
    #expect(throws: HDFSWireError.field) { try read([0x00]) }
    var text = ProtobufReader([0x0A, 1, 0xFF])
    #expect(throws: HDFSWireError.text) { try text.text(try text.next()!) }
    var kind = ProtobufReader([0x0A, 1, 0xFF])
    #expect(throws: HDFSWireError.field) { try kind.number(try kind.next()!) }
  }
}
