import DaemonDriver
import HTTPWire
import Testing

@Suite("HTTP chunked decoder")
struct HTTPChunkedDecoderTests {
  static let sample =
    "5\r\nhello\r\n1;a=b; c=\"d\"\r\n,\r\n00B ;x\r\n wide world\r\n0;end\r\nT: v\r\nU:\r\n\r\nNEXT"

  @Test("chunks, extensions and trailers give the body and leave what follows")
  func plain() {
    let run = ChunkedRun(Self.sample)
    #expect(String(decoding: run.body, as: UTF8.self) == "hello, wide world")
    #expect(run.rest == Array("NEXT".utf8))
    #expect(ChunkedRun("0\r\n\r\n").rest == [])
  }

  @Test("any split and any data limit give the same bytes")
  func splits() {
    let bytes = Array(Self.sample.utf8)
    let whole = ChunkedRun(bytes)
    for stop in 0...bytes.count { #expect(ChunkedRun(bytes, stops: [stop]) == whole) }
    #expect(ChunkedRun(bytes, stops: Array(0..<bytes.count), dataMax: 1) == whole)
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    for _ in 0..<500 {
      let stops = (0..<random.below(8)).map { _ in random.below(bytes.count) }.sorted()
      let run = ChunkedRun(bytes, stops: stops, dataMax: 1 + random.below(9))
      #expect(run == whole, "SEED=\(seed) stops=\(stops)")
    }
  }

  @Test("random bodies in random chunks come back")
  func roundTrip() {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    for _ in 0..<300 {
      var body: [UInt8] = []
      var wire: [UInt8] = []
      for _ in 0..<random.below(6) {
        let chunk = (0..<(1 + random.below(300))).map { _ in UInt8(random.below(256)) }
        body += chunk
        wire += Array(String(chunk.count, radix: 16, uppercase: random.below(2) == 0).utf8)
        wire += Array("\r\n".utf8) + chunk + Array("\r\n".utf8)
      }
      wire += Array("0\r\n\r\n".utf8)
      let run = ChunkedRun(wire, stops: [random.below(wire.count)])
      #expect(run.body == body && run.rest == [], "SEED=\(seed)")
    }
  }

  @Test(
    "a malformed chunk is refused",
    arguments: [
      ("\r\n", .malformedChunkSize), ("g\r\n", .malformedChunkSize),
      ("-1\r\n", .malformedChunkSize),
      ("0x1\r\n", .malformedChunkSize), (" 1\r\na\r\n", .malformedChunkSize),
      ("1\na\n", .malformedChunkSize), ("1\ra", .malformedChunkSize),
      ("1 \r\na\r\n", .malformedChunkSize), ("1;\u{0}\r\n", .malformedChunkSize),
      ("1;a\nb\r\n", .malformedChunkSize), ("1\r\nab\r\n", .malformedChunkEnd),
      ("1\r\na\n", .malformedChunkEnd), ("1\r\na\rX", .malformedChunkEnd),
      ("8000000000000000\r\n", .chunkTooLarge), ("fffffffffffffffff\r\n", .chunkTooLarge),
      ("10000000000000005\r\n", .chunkTooLarge), ("0\r\n: x\r\n\r\n", .malformedTrailer),
      ("0\r\n folded\r\n\r\n", .malformedTrailer), ("0\r\nT : x\r\n\r\n", .malformedTrailer),
      ("0\r\nT: \u{0}\r\n\r\n", .malformedTrailer), ("0\r\nT: x\n\r\n", .malformedTrailer),
      ("0\r\n\rX", .malformedTrailer),
    ] as [(String, HTTPRejection)])
  func malformed(_ text: String, _ rejection: HTTPRejection) {
    #expect(ChunkedRun(text).rejection == rejection)
  }

  @Test("endless extensions, digits and trailers are refused")
  func overheads() {
    let extensions = "1;" + String(repeating: "x", count: 1 << 15)
    #expect(ChunkedRun(extensions).rejection == .chunkExtensionTooLarge)
    #expect(
      ChunkedRun(String(repeating: "0", count: 1 << 15)).rejection == .chunkExtensionTooLarge)
    let trickle = String(repeating: "1;\(String(repeating: "x", count: 200))\r\na\r\n", count: 200)
    #expect(ChunkedRun(trickle).rejection == .chunkExtensionTooLarge)
    let trailer = "0\r\n" + String(repeating: "T: x\r\n", count: 4000)
    #expect(ChunkedRun(trailer).rejection == .trailerTooLarge)
    let honest = String(repeating: "1\r\na\r\n", count: 50_000) + "0\r\n\r\n"
    #expect(ChunkedRun(honest).body.count == 50_000)
  }

  @Test("data received without the decoder counts")
  func skipping() {
    var decoder = HTTPChunkedDecoder()
    withBytes("a\r\n") { #expect(unsafe decoder.next($0) == .incomplete) }
    #expect(decoder.pendingData == 10)
    decoder.skipData(4)
    withBytes("567890\r\n0\r\n\r\n") { bytes in
      #expect(unsafe decoder.next(bytes) == .data(offset: 0, count: 6))
    }
    withBytes("\r\n0\r\n\r\n") { #expect(unsafe decoder.next($0) == .end(consumed: 7)) }
    #expect(decoder.isEnded)
  }
}
