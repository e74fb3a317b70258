// One request for a page of keys.

import HTTPWire
import Model

/// What a page of keys is asked for by.
struct S3ListQuery: Sendable, Hashable {
  /// What keys begin with.
  var prefix: String
  /// Where names end, for listings of one directory.
  var delimiter: String?
  /// Most keys.
  var keyCountMax: Int
  /// The key to go on after; empty for the beginning.
  var after = ""
  /// The store's own word for where to go on, which goes before `after`; empty for none.
  var continuation = ""
  /// Who waits for the keys.
  var purpose = UFSPurpose.demand
  /// Whose turn it is; nil for that of the path.
  var turns: UInt64?

  /// A query of its parts, which begins at the beginning.
  init(prefix: String, delimiter: String?, keyCountMax: Int) {
    self.prefix = prefix
    self.delimiter = delimiter
    self.keyCountMax = keyCountMax
  }

  /// The query of a listing, which goes on at a cursor by itself.
  init(prefix: String, delimiter: String?, keyCountMax: Int, _ options: UFSListing) {
    self.init(prefix: prefix, delimiter: delimiter, keyCountMax: keyCountMax)
    purpose = options.purpose
    turns = options.turns
  }

  /// The items of the request.
  func items(isVersion1: Bool) -> [(name: String, value: String)] {
    var items: [(name: String, value: String)] = [
      ("encoding-type", "url"), ("max-keys", "\(keyCountMax)"), ("prefix", prefix),
    ]
    if let delimiter { items.append(("delimiter", delimiter)) }
    if isVersion1 {
      if !after.isEmpty { items.append(("marker", after)) }
      return items
    }
    items.append(("list-type", "2"))
    if !continuation.isEmpty {
      items.append(("continuation-token", continuation))
    } else if !after.isEmpty {
      items.append(("start-after", after))
    }
    return items
  }
}

extension S3UFS {
  /// Most bytes of a page: a thousand keys of 1024 bytes, each escaped to three, and what is around them.
  private static let pageSizeMax = 8 << 20

  /// Asks for one page.
  func listPage(
    _ query: S3ListQuery, _ path: String, _ operation: StaticString
  ) async throws(UFSError) -> S3ListPage {
    var request = S3Request(.get, key: nil, operation: operation, path: ufsPath(of: path))
    request.query = query.items(isVersion1: options.listsVersion1)
    request.purpose = query.purpose
    if let turns = query.turns { request.flow = turns }
    return try await requester.perform(request) { (response) async throws(S3Failure) in
      let bytes = try await S3Requester.collect(response, max: Self.pageSizeMax)
      do throws(XMLProblem) {
        return try S3ListPage(parsing: bytes)
      } catch {
        if let failure = S3Requester.failure(in: bytes, request) { throw failure }
        throw S3Failure(error)
      }
    }
  }
}
