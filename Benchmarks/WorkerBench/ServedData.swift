// The data that all servers serve: 256 files of 1 MiB and one of 256 MiB, in memory.

import DaemonDriver

/// Files below a folder in /dev/shm, and the scripts that ask for them.
final class ServedData {
  /// Files of `pageSize` bytes.
  static let pageCount = 256
  /// Bytes of each.
  static let pageSize = 1 << 20
  /// Bytes of each small range.
  static let rangeSize = 4 << 10

  private let scratch: ScratchDirectory
  private let digests: [String]

  /// The folder with `NNN.page` and `big`.
  var folder: String { scratch.path("data") }
  /// Asks for the pages in a fixed random order.
  var pageScript: String { scratch.path("pages.lua") }
  /// Asks for ranges of `big` at fixed random offsets.
  var rangeScript: String { scratch.path("ranges.lua") }
  /// A folder for the servers' own files.
  func path(_ name: String) -> String { scratch.path(name) }

  /// Writes the files and the scripts.
  init() throws(DriverError) {
    scratch = try ScratchDirectory("bench", in: "/dev/shm")
    try makeDirectories(scratch.path("data"))
    var generator = SampleGenerator(seed: 7)
    var words = [UInt64](repeating: 0, count: ServedData.pageSize / 8)
    var big: [UInt8] = []
    var sums: [String] = []
    for index in 0..<ServedData.pageCount {
      fill(&words, with: &generator)
      let bytes = unsafe words.withUnsafeBytes { unsafe Array($0) }
      try writeBytes(bytes, to: "\(scratch.path("data"))/\(index).page")
      sums.append(ServedData.digest(bytes[...]))
      big += bytes
    }
    digests = sums
    try writeBytes(big, to: "\(scratch.path("data"))/big")
    try writeScripts(&generator)
  }

  private func writeScripts(_ generator: inout SampleGenerator) throws(DriverError) {
    // The requests are made once, before the clock starts, so that Lua costs one call and one copy.
    let frame = { (lines: [String]) in
      """
      local requests, at = {}, 0
      init = function(arguments)
        local path = arguments[1] or ""
      \(lines.joined(separator: "\n"))
      end
      request = function() at = at % #requests + 1; return requests[at] end
      """
    }
    let pages = (0..<1024).map { _ in
      let page = Int.random(in: 0..<ServedData.pageCount, using: &generator)
      return "  requests[#requests + 1] = wrk.format('GET', '/bench/\(page).page')"
    }
    let ranges = (0..<4096).map { _ in
      let limit = ServedData.pageCount * ServedData.pageSize / ServedData.rangeSize
      let start = Int.random(in: 0..<limit, using: &generator) * ServedData.rangeSize
      let range = "bytes=\(start)-\(start + ServedData.rangeSize - 1)"
      return "  requests[#requests + 1] = wrk.format('GET', '/bench/big', {Range='\(range)'})"
    }
    try writeBytes(Array(frame(pages).utf8), to: pageScript)
    try writeBytes(Array(frame(ranges).utf8), to: rangeScript)
  }

  /// Reads everything from a server and compares it, so that its cache is warm and its bytes are right.
  func verify(port: UInt16) throws(DriverError) {
    let connection = try HTTPConnection(port: port, seconds: 60)
    for (index, digest) in digests.enumerated() {
      let response = try connection.request("GET", "/bench/\(index).page")
      guard response.status == 200, ServedData.digest(response.body[...]) == digest else {
        throw .program("port \(port): page \(index) is wrong, status \(response.status)")
      }
      let start = index * ServedData.pageSize
      let range = "bytes=\(start)-\(start + ServedData.pageSize - 1)"
      let part = try connection.request("GET", "/bench/big", headers: [("Range", range)])
      guard part.status == 206, ServedData.digest(part.body[...]) == digest else {
        throw .program("port \(port): range \(index) is wrong, status \(part.status)")
      }
    }
  }

  private static func digest(_ bytes: ArraySlice<UInt8>) -> String {
    var digest = RunningDigest()
    unsafe bytes.withUnsafeBytes { unsafe digest.update($0) }
    return digest.finish()
  }
}
