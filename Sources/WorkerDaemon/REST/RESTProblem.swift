// Why a REST request is refused: a status and one sentence for the client.

package import UFS

/// A refusal of a REST request: HTTP status and the text of `{"message":"…"}`.
package struct RESTProblem: Error, Equatable {
  /// HTTP status code, 400 … 599.
  package var status: Int
  /// One sentence that says what to change.
  package var message: String
  /// The failure below that it stands for, for the log; nil for a refusal of our own.
  package var failure: UFSError?

  /// A refusal with `status` and `message`.
  package init(_ status: Int, _ message: String) {
    self.status = status
    self.message = message
  }

  /// 400 for the parameter `name`.
  package static func badParameter(_ name: String, _ detail: String) -> RESTProblem {
    RESTProblem(400, "Parameter '\(name)' \(detail)")
  }
}
