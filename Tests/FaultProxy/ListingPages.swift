// Pages of ListObjectsV2 over keys that are made up.

/// Writes a page of a thousand keys in well under a millisecond.
struct ListingPages: Sendable {
  private let contents: [ListingOrigin.Content]

  init(_ contents: [ListingOrigin.Content]) { self.contents = contents }

  /// The body of the answer to a question about the bucket.
  func answer(_ target: ListingTarget) -> [UInt8] {
    if target.isHead { return [] }
    if target.fields["location"] != nil { return Array("<LocationConstraint/>".utf8) }
    return page(target.fields)
  }

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
}
