// Why a request about the cache is refused: a status, a word for programs, and a sentence for people.

import HTTPWire
import Model
import UFS

/// A refusal of the cache API: HTTP status and the texts of `{"message":"…","code":"…"}`.
package struct CacheProblem: Error, Sendable, Equatable {
  /// HTTP status code.
  package var status: Int
  /// A word that does not change.
  package var code: String
  /// One sentence that says what to change.
  package var message: String

  /// A refusal of its parts.
  package init(_ status: Int, _ code: String, _ message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  /// 400 for the parameter `name`.
  static func badParameter(_ name: String, _ detail: String) -> CacheProblem {
    CacheProblem(400, "INVALID", "Parameter '\(name)' \(detail)")
  }

  /// The refusal that stands for a failure of the rules.
  init(_ error: RuleError) {
    let (status, code) =
      switch error.code {
      case .unavailable, .damaged, .badFilter: (500, "UNAVAILABLE")
      case .exists: (409, "EXISTS")
      case .missing: (404, "NOT_FOUND")
      case .invalid: (400, "INVALID")
      case .disabled: (409, "DISABLED")
      case .noRoom: (507, "NO_ROOM")
      }
    self.init(status, code, error.description)
  }

  /// The refusal that stands for a path that cannot be placed.
  init(_ error: UFSError) {
    self.init(Int(error.httpStatus.code), "INVALID", error.description)
  }

  /// The refusal that stands for a catalog that cannot be read.
  init(_ error: CatalogError) {
    self.init(
      500, "UNAVAILABLE", "the catalog of cached files cannot be read: \(error.description)")
  }

  /// The refusal of what has to wait for the metastore, whose disk does not answer.
  static let metastoreHangs = CacheProblem(
    503, "UNAVAILABLE",
    "the catalog of cached files does not answer: look at the disk of"
      + " \(Configuration.StringKey.metastoreDirectory.rawValue); what was asked for may still happen"
  )

  /// The body of the answer.
  var body: [UInt8] {
    JSONWriter.object {
      $0.member("message", message)
      $0.member("code", code)
    }
  }
}
