// Names that hold both a literal `%XX` and something the HTTP library had to escape.
//
// `a %20b` goes over the wire as `a%20%20b`: no uniform decoding gives the name back. Each escape is either
// the library's (decode) or the name's own (keep); with few escapes all choices can be tried against the id.

package import Model

/// Search for the reading that decodes some escapes and keeps others.
package enum MixedReading {
  /// Most independent escapes tried: 2⁸ digests.
  package static let escapeCountMax = 8
  /// Longest text tried.
  package static let lengthMax = 1024

  /// The text whose SHA-256 is `id` among the partial decodings of `raw`, or nil.
  package static func find(in raw: ArraySlice<UInt8>, checkedBy id: Digest256) -> String? {
    let runs = escapeRuns(in: raw)
    guard runs.count > 1, runs.count <= escapeCountMax, raw.count <= lengthMax else { return nil }
    // All kept and all decoded are the plain readings, tried before.
    for choice in 1..<(1 << runs.count) - 1 {
      let reading = decode(raw, runs: runs, choice: choice)
      if RequestedPath.digest(reading[...]) == id { return PathCoding.utf8Text(reading) }
    }
    return nil
  }

  /// The escapes of `raw`; those of one non-ASCII character are one run, for no client splits them.
  private static func escapeRuns(in raw: ArraySlice<UInt8>) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var index = raw.startIndex
    var continues = false
    while index < raw.endIndex {
      guard let byte = PathCoding.escape(at: index, in: raw) else {
        index += 1
        continues = false
        continue
      }
      if continues, byte & 0xC0 == 0x80, let last = runs.last {
        runs[runs.count - 1] = last.lowerBound..<(index + 3)
      } else {
        runs.append(index..<(index + 3))
      }
      continues = byte >= 0x80
      index += 3
    }
    return runs
  }

  /// `raw` with the runs whose bit is set in `choice` decoded.
  private static func decode(
    _ raw: ArraySlice<UInt8>, runs: [Range<Int>], choice: Int
  ) -> [UInt8] {
    var reading: [UInt8] = []
    reading.reserveCapacity(raw.count)
    var index = raw.startIndex
    for (position, run) in runs.enumerated() {
      reading += raw[index..<run.lowerBound]
      let isDecoded = choice & (1 << position) != 0
      reading += isDecoded ? PathCoding.decode(raw[run])[...] : raw[run]
      index = run.upperBound
    }
    return reading + raw[index...]
  }
}
