// How far a sharded walk was given out, as text.
//
//   "\u{1}shards" then per shard   <start> <until>      start: "-" | "i" text (with it) | "x" text (behind it)
//                                                       until: "-" | "x" text (not with it)    text: <bytes> ":" <them>

import Model

/// The places of all shards of a walk.
struct S3WalkCursor: Sendable, Hashable {
  /// A range of keys below the walk's start, of which the first part may be given out.
  struct Shard: Sendable, Hashable {
    /// Where it goes on: behind this, as `S3Walker` says what it gave out; nil at the beginning.
    var after: String?
    /// Where it begins, a directory with its slash, as long as nothing of it was given out.
    var from: String?
    /// The directory, with its slash, that the next shard begins with; nil at the end of all.
    var until: String?
  }

  private static let mark = "\u{1}shards"

  /// The shards; none at the end of the walk.
  var shards: [Shard]

  /// A cursor of its shards.
  init(shards: [Shard]) { self.shards = shards }

  /// The cursor that says so.
  var cursor: UFSCursor {
    var token = Self.mark
    for shard in shards {
      Self.add(shard.from ?? shard.after, shard.from == nil ? "x" : "i", to: &token)
      Self.add(shard.until, "x", to: &token)
    }
    return UFSCursor(token: token)
  }

  private static func add(_ text: String?, _ kind: String, to token: inout String) {
    token += text.map { "\(kind)\($0.utf8.count):\($0)" } ?? "-"
  }

  /// Reads a cursor; that of a plain walk says the place of its one shard.
  ///
  /// Nil when it is damaged.
  init?(_ cursor: UFSCursor) {
    guard hasBytePrefix(cursor.token, Self.mark) else {
      shards = [Shard(after: cursor.token)]
      return
    }
    var rest = cursor.token.utf8.dropFirst(Self.mark.utf8.count)
    shards = []
    while !rest.isEmpty {
      guard let start = Self.take(&rest), let until = Self.take(&rest), until.kind != "i" else {
        return nil
      }
      shards.append(
        Shard(
          after: start.kind == "x" ? start.text : nil, from: start.kind == "i" ? start.text : nil,
          until: until.text))
    }
  }

  private static func take(
    _ rest: inout Substring.UTF8View
  ) -> (kind: Unicode.Scalar, text: String?)? {
    guard let kind = rest.popFirst().map({ Unicode.Scalar($0) }) else { return nil }
    if kind == "-" { return (kind, nil) }
    guard kind == "i" || kind == "x",
      let colon = rest.prefix(8).firstIndex(of: UInt8(ascii: ":")),
      let count = Int(Substring(rest[..<colon])), count >= 0
    else { return nil }
    let body = rest[rest.index(after: colon)...]
    guard body.count >= count else { return nil }
    rest = body.dropFirst(count)
    return (kind, String(Substring(body.prefix(count))))
  }
}
