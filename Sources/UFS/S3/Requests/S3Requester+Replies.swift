// Replies read whole.

import HTTPWire
import Model

extension S3Requester {
  /// Most bytes of a small reply.
  static let replySizeMax = 4 << 20

  /// Performs a request whose reply says nothing but that it was done; returns the reply's head.
  func performEmpty(_ request: S3Request) async throws(UFSError) -> HTTPClientResponse {
    try await perform(request) { (response) async throws(S3Failure) in
      await response.finish()
      return response
    }
  }

  /// Performs a request with a small XML reply, which may be an error in spite of its status.
  func performReply(_ request: S3Request) async throws(UFSError) -> S3Reply {
    try await perform(request) { (response) async throws(S3Failure) in
      let bytes = try await Self.collect(response, max: Self.replySizeMax)
      let reply = try Self.parse(bytes)
      if let failure = Self.failure(reply, request) { throw failure }
      return reply
    }
  }

  /// The error that a body under status 200 is; nil when it is none.
  static func failure(in bytes: [UInt8], _ request: S3Request) -> S3Failure? {
    do throws(XMLProblem) { return failure(try S3Reply(parsing: bytes), request) } catch {
      return nil
    }
  }

  /// S3 begins long operations with 200 and says later how they ended.
  private static func failure(_ reply: S3Reply, _ request: S3Request) -> S3Failure? {
    guard reply.root == "Error" else { return nil }
    let word = reply.text("Code") ?? ""
    return S3Failure(status: word == "InternalError" ? 500 : 200, word: word, request: request)
  }

  /// The body of a reply.
  static func collect(
    _ response: HTTPClientResponse, max: Int
  ) async throws(S3Failure) -> [UInt8] {
    do throws(HTTPClientError) {
      return try await response.collect(max: max)
    } catch {
      throw S3Failure(error)
    }
  }

  private static func parse(_ bytes: [UInt8]) throws(S3Failure) -> S3Reply {
    do throws(XMLProblem) {
      return try S3Reply(parsing: bytes)
    } catch {
      throw S3Failure(error)
    }
  }
}
