import CLinux
import DaemonDriver
import Testing

@testable import UFS

@Suite("Frames and packets of HDFS")
struct HDFSWireTests {
  @Test("a connection opens with Hadoop's header and the user's name")
  func opening() throws {
    let client = [UInt8](repeating: 7, count: 16)
    let bytes = HDFSFrame.opening(user: "ann", client: client)
    #expect(Array(bytes[..<7]) == Array("hrpc".utf8) + [9, 0, 0])
    #expect(try HDFSFrame.length(bytes[7...]) == bytes.count - 7)
    var frame = ProtobufReader(bytes, from: 11)
    var header = try frame.delimited()
    var call: Int64?
    while let field = try header.next() {
      if field.number == 3 { call = try header.zigzag(field) } else { try header.skip(field) }
    }
    #expect(call == -3)
    var context = try frame.delimited()
    let user = try #require(try context.next())
    #expect(user.number == 2)
    #expect(try context.array(user) == [0x0A, 3] + Array("ann".utf8))
  }

  @Test("frames are cut at their lengths; none that is empty or too long is taken")
  func lengths() throws {
    #expect(try HDFSFrame.length([0, 0, 1]) == nil)
    #expect(try HDFSFrame.length([0, 0, 1, 2]) == 262)
    #expect(throws: HDFSWireError.length) { try HDFSFrame.length([0, 0, 0, 0]) }
    #expect(throws: HDFSWireError.length) { try HDFSFrame.length([0xFF, 0, 0, 0]) }
  }

  @Test("an answer is a response or an exception, for its call")
  func answers() throws {
    var good = ProtobufWriter()
    good.delimited {
      $0.number(1, 5)
      $0.number(2, 0)
    }
    good.delimited { $0.number(1, 9) }
    let answer = try HDFSAnswer(good.bytes)
    #expect(answer.call == 5)
    guard case .response(var response) = answer.outcome else { throw HDFSWireError.field }
    let field = try #require(try response.next())
    #expect(try response.number(field) == 9)

    var bad = ProtobufWriter()
    bad.delimited {
      $0.number(1, 6)
      $0.number(2, 2)
      $0.text(4, "org.apache.hadoop.security.AccessControlException")
      $0.text(5, "SIMPLE authentication is not enabled.  Available:[TOKEN, KERBEROS]\n\tat x")
    }
    let refusal = try HDFSAnswer(bad.bytes)
    #expect(refusal.isFatal)
    guard case .exception(let exception) = refusal.outcome else { throw HDFSWireError.field }
    #expect(exception.wantsKerberos)
    let error = UFSError(.exception(exception), operation: "ufs.status", path: "hdfs://x/y")
    #expect(error.code == .denied)
    #expect(error.description.contains("Kerberos"))
  }

  @Test("exceptions keep their meaning; unknown ones are never an absence")
  func exceptions() {
    let codes: [(String, UFSError.Code)] = [
      ("java.io.FileNotFoundException", .notFound),
      ("org.apache.hadoop.security.AccessControlException", .denied),
      ("org.apache.hadoop.ipc.StandbyException", .unavailable),
      ("org.apache.hadoop.hdfs.server.namenode.SafeModeException", .unavailable),
      ("org.apache.hadoop.hdfs.protocol.DSQuotaExceededException", .noSpace),
      ("org.apache.hadoop.fs.ParentNotDirectoryException", .notDirectory),
      ("org.apache.hadoop.hdfs.protocol.FSLimitException$PathComponentTooLongException", .invalid),
      ("java.io.IOException", .io), ("", .io),
    ]
    for (name, code) in codes {
      #expect(UFSError.code(of: HDFSException(name: name, message: "")) == code, "\(name)")
    }
  }

  @Test("a packet's head has 31 bytes, 33 with the wish for durability")
  func packets() throws {
    let header = HDFSPacketHeader(offset: 65536, number: 1, isLast: false, dataLength: 512)
    let bytes = header.bytes(sumsLength: 4)
    #expect(bytes.count == HDFSPacketHeader.usualLength)
    let lengths = try HDFSPacketHeader.lengths(bytes)
    #expect(lengths.payload == 516)
    #expect(lengths.head == 25)
    #expect(try HDFSPacketHeader(Array(bytes[6...])) == header)
    let last = HDFSPacketHeader(offset: 0, number: 0, isLast: true, dataLength: 0, isSync: true)
    #expect(last.bytes(sumsLength: 0).count == 33)
    #expect(throws: HDFSWireError.length) { try HDFSPacketHeader.lengths([0, 0, 0, 3, 0, 25]) }
    #expect(throws: HDFSWireError.length) { try HDFSPacketHeader.lengths([0, 0, 1, 0, 0, 24]) }
    #expect(throws: HDFSWireError.length) { try HDFSPacketHeader.lengths([2, 0, 0, 0, 0, 25]) }
  }

  @Test("the CPU's way to a CRC32 and the tables' agree, wherever the bytes begin and end")
  func sumsByCPU() {
    var random = SeededRandom()
    let bytes = random.bytes(5000)
    bytes.withUnsafeBytes { bytes in
      for _ in 0..<3000 {
        let start = Int.random(in: 0..<64, using: &random)
        let end = Int.random(in: start...bytes.count, using: &random)
        let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        let sum = UInt32.random(in: 0...UInt32.max, using: &random)
        #expect(
          pen_crc32(sum, part.baseAddress, part.count)
            == pen_crc32_by_tables(sum, part.baseAddress, part.count),
          "SEED=\(random.seed) \(start)..<\(end)")
      }
    }
  }

  @Test("sums are found right and wrong, whatever cuts the data", arguments: [512, 500, 4096])
  func sums(chunkSize: Int) throws {
    var random = SeededRandom()
    for kind in [HDFSChecksum.Kind.crc32, .crc32c] {
      let checksum = HDFSChecksum(kind: kind, chunkSize: chunkSize)
      for count in [0, 1, 7, chunkSize, chunkSize * 4, chunkSize * 9 + 3] {
        let data = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
        let sums = UnsafeMutableRawBufferPointer.allocate(
          byteCount: checksum.sumsLength(of: count), alignment: 8)
        defer {
          data.deallocate()
          sums.deallocate()
        }
        data.copyBytes(from: random.bytes(count))
        checksum.fill(sums, for: UnsafeRawBufferPointer(data))
        let all = UnsafeRawBufferPointer(data)
        #expect(checksum.matches(all, sums: UnsafeRawBufferPointer(sums)))
        guard count > 0 else { continue }
        let (first, second) = (count / 3, count / 2)
        let pieces = [all[..<first], all[first..<second], all[second...]].map {
          UnsafeRawBufferPointer(rebasing: $0)
        }
        #expect(checksum.matches(pieces: pieces, sums: UnsafeRawBufferPointer(sums)))
        data[Int.random(in: 0..<count, using: &random)] ^= 1
        #expect(!checksum.matches(all, sums: UnsafeRawBufferPointer(sums)))
        #expect(!checksum.matches(pieces: pieces, sums: UnsafeRawBufferPointer(sums)))
      }
    }
    #expect(
      "123456789".utf8.withContiguousStorageIfAvailable { pen_crc32(0, $0.baseAddress, 9) }
        == 0xCBF4_3926)
  }

  @Test("endpoints are hosts with or without a port")
  func endpoints() {
    #expect(HDFSEndpoint("nn", defaultPort: 8020) == HDFSEndpoint(host: "nn", port: 8020))
    #expect(HDFSEndpoint("nn:9000", defaultPort: 8020) == HDFSEndpoint(host: "nn", port: 9000))
    #expect(HDFSEndpoint("[::1]:9000", defaultPort: 1) == HDFSEndpoint(host: "::1", port: 9000))
    #expect(HDFSEndpoint("[::1]", defaultPort: 1) == HDFSEndpoint(host: "::1", port: 1))
    for bad in ["", ":9000", "nn:", "nn:x", "nn:0", "::1", "[]:1"] {
      #expect(HDFSEndpoint(bad, defaultPort: 1) == nil, "\(bad)")
    }
  }

  @Test("name services, variables and sizes of Hadoop's configuration are understood")
  func settings() {
    var settings = HDFSSettings()
    settings.set("dfs.nameservices", "other, ns1")
    settings.set("dfs.ha.namenodes.ns1", "a,b")
    settings.set("dfs.namenode.rpc-address.ns1.a", "${host}:9000")
    settings.set("dfs.namenode.rpc-address.ns1.b", " h2:9001 ")
    settings.set("host", "h1")
    settings.set("loop", "${loop}")
    settings.set("dfs.blocksize", "64m")
    #expect(
      settings.nameNodes("ns1")
        == [HDFSEndpoint(host: "h1", port: 9000), HDFSEndpoint(host: "h2", port: 9001)])
    #expect(settings.nameNodes("h3") == [HDFSEndpoint(host: "h3", port: 8020)])
    #expect(settings.nameNodes("other") == nil)
    #expect(settings["loop"] != nil)
    #expect(settings.size("dfs.blocksize") == 64 << 20)
  }

  @Test("properties are read from Hadoop's XML, and what is none is refused")
  func files() throws {
    var settings = HDFSSettings()
    try settings.parse(
      Array(
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <?xml-stylesheet type="text/xsl" href="configuration.xsl"?>
        <!-- site -->
        <configuration>
          <property><name>fs.defaultFS</name><value>hdfs://ns1</value><final>true</final></property>
          <property>
            <name>dfs.client.use.datanode.hostname</name>
            <value> true </value>
            <description>a &lt; b</description>
          </property>
        </configuration>
        """.utf8))
    #expect(settings["fs.defaultFS"] == "hdfs://ns1")
    #expect(settings.flag("dfs.client.use.datanode.hostname") == true)
    #expect(throws: XMLProblem.self) { try settings.parse(Array("<x/>".utf8)) }
    #expect(throws: XMLProblem.self) { try settings.parse(Array("<configuration>".utf8)) }
  }
}
