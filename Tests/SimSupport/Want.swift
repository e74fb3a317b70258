// What a simulated reader asks for: a page, or a part of one.

import Model

/// Some bytes of one page of one version of a file.
struct Want: Sendable {
  let file: SimUFS.File
  let key: PageKey
  /// Bytes of the page.
  let length: Int
  /// First byte of the page in the file.
  let pageStart: Int
  /// The wanted bytes, counted from the start of the page.
  let inPage: Range<Int>

  /// The part of page `index` that lies in `range` of the file; the whole page without one.
  init(_ file: SimUFS.File, _ index: Int, _ pageSize: Int, range: Range<Int>? = nil) {
    self.file = file
    key = PageKey(file: file.key, index: UInt32(index))
    pageStart = index * pageSize
    length = min(pageSize, file.length - pageStart)
    if let range {
      inPage = range.lowerBound - pageStart..<range.upperBound - pageStart
    } else {
      inPage = 0..<length
    }
  }

  /// First wanted byte in the file.
  var start: Int { pageStart + inPage.lowerBound }
}
