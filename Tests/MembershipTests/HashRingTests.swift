// The ring against the published vectors of compat §4.

import Membership
import Model
import Testing

@Suite struct HashRingTests {
  private static let hosts = ["worker-0", "worker-1", "worker-2"]
  private static let identities = hosts.map { WorkerIdentity(host: $0) }

  /// A line of compat §4.3.
  struct Row: Sendable, CustomTestStringConvertible {
    let key: String
    let hash: Int32
    let order: [Int]
    let tries: UInt32?
    let firstOfMany: Int?

    init(_ key: String, _ hash: Int32, _ order: [Int], tries: UInt32?, firstOfMany: Int?) {
      (self.key, self.hash, self.order) = (key, hash, order)
      (self.tries, self.firstOfMany) = (tries, firstOfMany)
    }

    var testDescription: String { key }
  }

  static let rows = [
    Row("s3://bkt/dir/p.bin", -612990351, [0, 1, 2], tries: 4, firstOfMany: 2),
    Row("s3://bucket/a.txt", -560135248, [0, 2, 1], tries: 5, firstOfMany: 2),
    Row("s3://bucket/dir/b.parquet", -481987949, [0, 1, 2], tries: 4, firstOfMany: 1),
    Row("s3://bkt/dir/a b.txt", -866604547, [2, 0, 1], tries: 8, firstOfMany: 1),
    Row("s3://bkt/dir/a%20b.txt", 107092179, [2, 1, 0], tries: 3, firstOfMany: 0),
    Row("s3://bkt/dir/", 841640816, [0, 2, 1], tries: 4, firstOfMany: 0),
    Row("s3://bkt", -925286717, [2, 1, 0], tries: 6, firstOfMany: 0),
    Row("s3a://bkt/dir/p.bin", -2058069769, [1, 2, 0], tries: 7, firstOfMany: 1),
    Row("s3://bkt/dir/ü.txt", 748152704, [1, 2, 0], tries: 5, firstOfMany: 2),
    Row("s3://bkt/dir/new&x=1", 250171316, [2, 1, 0], tries: 8, firstOfMany: 1),
    Row("file:///mnt/data/x", -852078052, [2, 0, 1], tries: 7, firstOfMany: 2),
    Row("hdfs://nn:8020/warehouse/t/part-00000", 1442841727, [2, 0, 1], tries: 5, firstOfMany: 2),
    Row("oss://b/k", 591903341, [1, 2, 0], tries: 5, firstOfMany: 0),
    Row("s3://bkt/train/shard-000001.tar", -1049288309, [2, 0, 1], tries: 3, firstOfMany: 0),
    Row("s3://bkt/train/shard-000002.tar", -367765957, [0, 2, 1], tries: 6, firstOfMany: 1),
    Row("s3://bkt/wrap/40", 2077740362, [1, 0, 2], tries: nil, firstOfMany: nil),
  ]

  @Test("the hash gives the published values, signed")
  func hash() {
    #expect(MurmurHash3.hash([]) == 0)
    #expect(MurmurHash3.hash(Array("a".utf8)) == 1_009_084_850)
    #expect(MurmurHash3.hash(Array("abc".utf8)) == -1_277_324_294)
    #expect(MurmurHash3.hash(Array("hello, world".utf8)) == 345_750_399)
  }

  @Test("a host name gives its name UUID")
  func identity() {
    #expect(
      Self.identities.map(\.hex) == [
        "2f5d8d23666030599e487847bd050202", "fd8beb38b0b33008b22ea4ba31a713ac",
        "61bcd00672be3b55905a36a25c52d138",
      ])
  }

  @Test("a worker has the published points")
  func points() {
    #expect(
      Self.identities.map { HashRing.points(of: $0, count: 5) } == [
        [-23_742_427, -1_290_221_225, -145_415_878, -607_469_552, 1_442_519_382],
        [-1_883_817_648, -1_121_555_975, 840_760_070, 741_081_669, 1_869_646_436],
        [445_320_498, -1_429_860_237, 1_841_923_807, -691_011_456, -1_748_118_792],
      ])
    let many = Self.identities.map { HashRing.points(of: $0, count: 2000) }
    #expect(many.joined().min() == -2_146_891_583 && many[1].contains(-2_146_891_583))
    #expect(many.joined().max() == 2_146_763_869 && many[1].contains(2_146_763_869))
  }

  @Test("a path meets the workers in the published order", arguments: rows)
  func order(_ row: Row) {
    #expect(HashRing.hash(of: row.key, attempt: 1) == row.hash)
    let ring = HashRing(Self.identities, pointCount: 5)
    #expect(ring.order(for: row.key, count: 3) == row.order)
    #expect(ring.order(for: row.key, count: 2) == Array(row.order.prefix(2)))
    #expect(ring.first(for: row.key) == row.order.first)
    if let first = row.firstOfMany {
      #expect(HashRing(Self.identities, pointCount: 2000).first(for: row.key) == first)
    }
  }

  @Test("each attempt has the published hash")
  func attempts() {
    let hashes = (1...3).map { HashRing.hash(of: "s3://bkt/dir/p.bin", attempt: $0) }
    #expect(hashes == [-612_990_351, -477_833_098, 2_113_083_935])
    #expect(HashRing.hash(of: "s3://bucket/a.txt", attempt: 3) == -41_702_512)
  }

  @Test("an empty ring owns nothing, a ring of one owns everything")
  func small() {
    #expect(HashRing([], pointCount: 5).first(for: "x") == nil)
    #expect(HashRing([], pointCount: 5).order(for: "x", count: 3).isEmpty)
    let one = HashRing([Self.identities[1]], pointCount: 5)
    #expect(one.order(for: "s3://bkt", count: 3) == [0])
  }

  @Test("a worker that leaves takes only its own paths along")
  func stability() {
    let three = HashRing(Self.identities, pointCount: 2000)
    let two = HashRing(Array(Self.identities.prefix(2)), pointCount: 2000)
    for number in 0..<1000 {
      let path = "s3://bkt/file-\(number)"
      if let owner = three.first(for: path), owner < 2 { #expect(two.first(for: path) == owner) }
    }
  }
}
