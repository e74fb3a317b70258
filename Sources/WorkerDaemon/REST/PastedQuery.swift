// Queries whose path was pasted in raw (compat §2.3): `&` and `=` of a file's name are not escaped, so
// where the path ends is a guess that the request's {id} confirms.
//
//   offset=0&length=9&ufsFullPath=s3://bkt/dir/new&x=1&chunkSize=1048576
//   └── leading ────┘             └──── value ───────┘└── trailing ────┘
//
// The value runs to the last known trailing parameter and takes in everything before the block of known
// parameters that ends there; each other `&` is an alternative end.

/// A query with one path pasted raw, and every place where that path may end.
package struct PastedQuery {
  /// The query's bytes.
  private let query: ArraySlice<UInt8>
  /// Index of the first byte of the path.
  private let start: Int
  /// Ends of the path worth trying: the likeliest first, then from the longest to the shortest.
  package let ends: [Int]
  /// Parameters before the path.
  private let leading: RESTParameters

  /// Most ends tried: each costs a few digests of the text.
  package static let endCountMax = 32

  /// Finds `key=` in `query`; nil when it is not there.
  ///
  /// Only names in `trailing` may follow the path.
  package init?(_ query: ArraySlice<UInt8>, key: String, trailing: Set<String>) {
    let segments = query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
    let head = Array("\(key)=".utf8)
    guard let own = segments.firstIndex(where: { $0.starts(with: head) }) else { return nil }
    var leading = RESTParameters()
    for segment in segments[..<own] { leading.add(segment: segment) }
    self.query = query
    self.leading = leading
    self.start = segments[own].startIndex + head.count
    self.ends = Self.ends(after: own, in: segments, trailing: trailing)
  }

  /// The path's raw bytes when it ends at `end`.
  package func value(endingAt end: Int) -> ArraySlice<UInt8> { query[start..<end] }

  /// The other parameters when the path ends at `end`.
  package func parameters(endingAt end: Int) -> RESTParameters {
    var parameters = leading
    for segment in query[end...].split(separator: UInt8(ascii: "&")) {
      parameters.add(segment: segment)
    }
    return parameters
  }

  /// The end that is right unless an id says otherwise.
  package var likeliestEnd: Int { ends.first ?? query.endIndex }

  private static func ends(
    after own: Int, in segments: [ArraySlice<UInt8>], trailing: Set<String>
  ) -> [Int] {
    var first = segments.count
    if let last = segments.indices.last(where: { $0 > own && isKnown(segments[$0], trailing) }) {
      var seen: Set<String> = []
      first = last + 1
      // A name met twice belongs to the path the first time: the client appends each of its own once.
      while first - 1 > own, isKnown(segments[first - 1], trailing),
        seen.insert(name(of: segments[first - 1])).inserted
      {
        first -= 1
      }
    }
    let likeliest = segments[first - 1].endIndex
    let others = segments[own...].reversed().map(\.endIndex).filter { $0 != likeliest }
    return [likeliest] + others.prefix(endCountMax - 1)
  }

  private static func name(of segment: ArraySlice<UInt8>) -> String {
    String(decoding: segment.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
  }

  private static func isKnown(_ segment: ArraySlice<UInt8>, _ trailing: Set<String>) -> Bool {
    segment.contains(UInt8(ascii: "=")) && trailing.contains(name(of: segment))
  }
}
