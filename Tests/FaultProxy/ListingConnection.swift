// One connection of the listing server: a request, a page, and again.

import DaemonDriver
import Glibc

/// Serves one connection, blocking.
struct ListingConnection {
  private let socket: Int32
  private let contents: [ListingOrigin.Content]

  init(_ socket: Int32, _ contents: [ListingOrigin.Content]) {
    self.socket = socket
    self.contents = contents
  }

  /// Serves until the peer is gone.
  func serve() {
    var input: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65536)
    while true {
      while let end = MessageHead.end(in: input) {
        guard let head = MessageHead(input[..<end]) else { return }
        input.removeFirst(end)
        guard answer(head) else { return }
      }
      let count = unsafe recv(socket, &part, part.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      input += part[..<count]
    }
  }

  private func answer(_ head: MessageHead) -> Bool {
    let words = head.start.split(separator: " ")
    guard words.count == 3 else { return false }
    let isHead = words[0] == "HEAD"
    let target = words[1].split(separator: "?", maxSplits: 1)
    let isBucket = target[0].drop { $0 == "/" }.utf8.firstIndex(of: UInt8(ascii: "/")) == nil
    let fields = target.count > 1 ? Self.fields(String(target[1])) : [:]
    if !isBucket {
      return send(404, isHead ? [] : Array("<Error><Code>NoSuchKey</Code></Error>".utf8))
    }
    if isHead { return send(200, []) }
    if fields["location"] != nil { return send(200, Array("<LocationConstraint/>".utf8)) }
    return send(200, page(fields))
  }

  private func send(_ status: Int, _ body: [UInt8]) -> Bool {
    let head =
      "HTTP/1.1 \(status) OK\r\nContent-Type: application/xml\r\nContent-Length: \(body.count)\r\n\r\n"
    var queue = SendQueue()
    queue.add(Array(head.utf8))
    queue.add(body)
    return queue.flush(to: socket, limit: .max) == head.utf8.count + body.count
  }

  // MARK: Pages

  private func page(_ fields: [String: String]) -> [UInt8] {
    let prefix = fields["prefix"] ?? ""
    let sizeMax = min(1000, fields["max-keys"].flatMap { Int($0) } ?? 1000)
    let after = fields["continuation-token"] ?? fields["start-after"] ?? ""
    var body = Array(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult><Name>b</Name><Prefix>".utf8)
    body += Self.escaped(prefix)
    body += Array("</Prefix><MaxKeys>\(sizeMax)</MaxKeys>".utf8)
    var (count, last) = (0, "")
    var isTruncated = false
    for content in contents {
      if fields["delimiter"] == "/", prefix.utf8.count < content.folder.utf8.count {
        guard content.folder.hasPrefix(prefix), content.folder > after else { continue }
        body += Array("<CommonPrefixes><Prefix>".utf8) + Self.escaped(content.folder)
        body += Array("</Prefix></CommonPrefixes>".utf8)
        count += 1
        continue
      }
      let range = Self.range(of: prefix, after: after, in: content)
      let taken = range.prefix(max(0, sizeMax - count))
      append(taken, content, to: &body)
      count += taken.count
      if let index = taken.last { last = ListingOrigin.key(index, of: content) }
      if taken.count < range.count { isTruncated = true }
    }
    body += Array("<KeyCount>\(count)</KeyCount><IsTruncated>\(isTruncated)</IsTruncated>".utf8)
    if isTruncated {
      body += Array("<NextContinuationToken>".utf8) + Self.escaped(last)
      body += Array("</NextContinuationToken>".utf8)
    }
    return body + Array("</ListBucketResult>".utf8)
  }

  /// The numbers of the keys that begin with `prefix` and come after `after`.
  private static func range(
    of prefix: String, after: String, in content: ListingOrigin.Content
  ) -> Range<Int> {
    var (low, high) = (0, content.count)
    if prefix.utf8.count > content.folder.utf8.count {
      guard prefix.hasPrefix(content.folder) else { return 0..<0 }
      let digits = prefix.dropFirst(content.folder.count)
      guard digits.count <= 9, let number = Int(digits), number >= 0 else { return 0..<0 }
      let scale = (0..<(9 - digits.count)).reduce(1) { product, _ in product * 10 }
      (low, high) = (number * scale, min(high, (number + 1) * scale))
    } else if !content.folder.hasPrefix(prefix) {
      return 0..<0
    }
    if after.hasPrefix(content.folder), let number = Int(after.dropFirst(content.folder.count)) {
      low = max(low, number + 1)
    } else if after > content.folder {
      return 0..<0
    }
    return low < high ? low..<high : 0..<0
  }

  private func append(
    _ numbers: Range<Int>, _ content: ListingOrigin.Content, to body: inout [UInt8]
  ) {
    let start = Array("<Contents><Key>".utf8) + Self.escaped(content.folder)
    let end = Array(
      ("</Key><LastModified>2023-11-14T22:13:20.000Z</LastModified><ETag>&quot;\(content.tag)&quot;"
        + "</ETag><Size>\(content.size)</Size><StorageClass>STANDARD</StorageClass></Contents>")
        .utf8)
    body.reserveCapacity(body.count + numbers.count * (start.count + end.count + 9) + 4096)
    for number in numbers {
      body += start
      var divisor = 100_000_000
      while divisor > 0 {
        body.append(UInt8(48 + number / divisor % 10))
        divisor /= 10
      }
      body += end
    }
  }

  private static func escaped(_ text: String) -> [UInt8] {
    Array(
      text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").utf8)
  }

  /// The fields of a query, decoded.
  private static func fields(_ query: String) -> [String: String] {
    var fields: [String: String] = [:]
    for part in query.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      fields[decoded(pair[0])] = pair.count > 1 ? decoded(pair[1]) : ""
    }
    return fields
  }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(Substring(rest.prefix(2)), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? 32 : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
