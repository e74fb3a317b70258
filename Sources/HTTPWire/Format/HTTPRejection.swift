// Why a request is refused before a handler sees it. Each reason has its status and its sentence; where a lax parser and a
// strict one would see different messages (request smuggling, RFC 9112 §11.2) the reason says which rule was broken.

/// A reason to refuse the bytes of a request.
package enum HTTPRejection: UInt8, Error, Sendable, Hashable, CaseIterable {
  // The request line.
  case malformedRequestLine
  case malformedMethod
  case malformedTarget
  case malformedVersion
  case unsupportedVersion
  // The status line of a reply.
  case malformedStatusLine
  // Bytes between lines.
  case bareCarriageReturn
  case bareLineFeed
  case controlByte
  // Fields.
  case foldedField
  case malformedFieldName
  case spaceBeforeColon
  case missingColon
  case headTooLarge
  case tooManyFields
  case missingHost
  case repeatedHost
  case malformedHost
  case unknownExpectation
  // The length of the body.
  case malformedContentLength
  case repeatedContentLength
  case contentLengthTooLarge
  case contentLengthWithTransferEncoding
  case repeatedTransferEncoding
  case unknownTransferEncoding
  case chunkedNotFinal
  case transferEncodingInHTTP10
  // Chunks.
  case malformedChunkSize
  case chunkTooLarge
  case chunkExtensionTooLarge
  case malformedChunkEnd
  case malformedTrailer
  case trailerTooLarge
  // The body as a whole.
  case bodyTooLarge

  /// The status that tells the client.
  package var status: HTTPStatus {
    switch self {
    case .unsupportedVersion: .versionNotSupported
    case .headTooLarge, .tooManyFields, .trailerTooLarge: .headerFieldsTooLarge
    case .unknownExpectation: .expectationFailed
    case .contentLengthTooLarge, .bodyTooLarge: .contentTooLarge
    case .unknownTransferEncoding: .notImplemented
    default: .badRequest
    }
  }

  /// The sentence of the response's `message`.
  package var message: StaticString {
    switch self {
    case .malformedRequestLine: "the request line is not METHOD SP TARGET SP HTTP/1.x"
    case .malformedMethod: "the method is not a token"
    case .malformedTarget: "the request target is neither a path nor an http URL"
    case .malformedVersion: "the protocol version is not HTTP/digit.digit"
    case .unsupportedVersion: "the protocol is neither HTTP/1.1 nor HTTP/1.0"
    case .malformedStatusLine: "the status line is not HTTP/1.x SP STATUS"
    case .bareCarriageReturn: "a carriage return without a line feed"
    case .bareLineFeed: "a line feed without a carriage return"
    case .controlByte: "a control byte in the head"
    case .foldedField: "a header line begins with white space"
    case .malformedFieldName: "a header name is not a token"
    case .spaceBeforeColon: "white space between a header name and its colon"
    case .missingColon: "a header line without a colon"
    case .headTooLarge: "the head is too large"
    case .tooManyFields: "the head has too many lines"
    case .missingHost: "HTTP/1.1 wants a Host header"
    case .repeatedHost: "more than one Host header"
    case .malformedHost: "the Host header is not a host and port"
    case .unknownExpectation: "the only expectation known is 100-continue"
    case .malformedContentLength: "Content-Length is not a decimal number"
    case .repeatedContentLength: "more than one Content-Length header"
    case .contentLengthTooLarge: "Content-Length is larger than any body"
    case .contentLengthWithTransferEncoding: "both Content-Length and Transfer-Encoding"
    case .repeatedTransferEncoding: "more than one Transfer-Encoding header"
    case .unknownTransferEncoding: "the only transfer encoding known is chunked"
    case .chunkedNotFinal: "chunked is not the final transfer encoding"
    case .transferEncodingInHTTP10: "Transfer-Encoding in an HTTP/1.0 message"
    case .malformedChunkSize: "a chunk size is not a hexadecimal number"
    case .chunkTooLarge: "a chunk size is larger than any body"
    case .chunkExtensionTooLarge: "a chunk extension is too large"
    case .malformedChunkEnd: "chunk data is not followed by a line end"
    case .malformedTrailer: "a trailer line is malformed"
    case .trailerTooLarge: "the trailer is too large"
    case .bodyTooLarge: "the body is larger than this server takes"
    }
  }
}
