// One request for a bucket or an object, before it is signed.

import HTTPWire
import Model

/// What is asked of S3.
// SAFETY: the body's bytes belong to the caller, who keeps them in place until the request was performed.
@safe struct S3Request {
  /// The method.
  var method: HTTPMethod
  /// The object's key; nil for the bucket.
  var key: String?
  /// The query's items, not encoded.
  var query: [(name: String, value: String)] = []
  /// Header lines; those that begin with `x-amz-` are in lower case and are signed.
  var fields: [(name: String, value: String)] = []
  /// The body; nil for none.
  var body: UnsafeRawBufferPointer?
  /// The operation, in errors.
  var operation: StaticString
  /// The UFS path, in errors.
  var path: String
  /// Whose turn it is.
  var purpose = UFSPurpose.demand
  /// Whose it is, for turns among requests of one purpose: that of its path.
  var flow: UInt64
  /// Bytes that the reply's body will bring.
  var replySize: Int64 = 0
  /// What may give it up before its head came.
  var abort: HTTPClientAbort?
  /// Whether the store may see it twice without harm.
  var isRepeatable = true
  /// What a failed precondition means.
  var conflict = UFSError.Code.changed

  /// A request without query, fields and body.
  init(_ method: HTTPMethod, key: String?, operation: StaticString, path: String) {
    self.method = method
    self.key = key
    self.operation = operation
    self.path = path
    flow = FlowControl.flow(of: path)
    unsafe body = nil
  }

  /// What flow control takes it for.
  var verb: FlowVerb {
    switch method {
    case .get: key == nil ? .list : .get
    case .head: .head
    case .put where fields.contains { $0.name == "x-amz-copy-source" }: .delete
    case .post where query.first?.name == "delete": .delete
    case .put, .post: .put
    default: .delete
    }
  }

  /// The method's token.
  var methodText: String {
    switch method {
    case .get: "GET"
    case .head: "HEAD"
    case .put: "PUT"
    case .post: "POST"
    case .delete: "DELETE"
    case .options, .patch, .trace, .connect, .other:
      preconditionFailure("S3 knows five methods")
    }
  }
}
