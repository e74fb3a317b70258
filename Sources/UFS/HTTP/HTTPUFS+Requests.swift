// One question: through redirects to a reply, in its turn and again if that can help.

import HTTPWire
import Model
import Ring

extension HTTPUFS {
  /// A reply and where it came from.
  struct Reply {
    let response: HTTPClientResponse
    let location: HTTPLocation
    var isDirectory = false
  }

  /// Asks for the head of `path` and drops what body there is.
  ///
  /// - Throws: What the status means; a status `alsoAccepting` is an answer too.
  func ask(
    _ method: HTTPMethod, _ path: String, _ operation: StaticString, _ purpose: UFSPurpose,
    fields: [(name: String, value: String)] = [], alsoAccepting accepted: UInt16 = 200
  ) async throws(UFSError) -> HTTPUFSAnswer {
    let verb = method == .head ? FlowVerb.head : .get
    return try await gate.run(verb, purpose: purpose, flow: FlowControl.flow(of: path)) {
      (pass) async throws(UFSError) -> HTTPUFSAnswer in
      do throws(HTTPUFSFailure) {
        let reply = try await send(method, from: location(path), fields: fields)
        await reply.response.finish()
        let head = reply.response.head
        guard reply.isDirectory || Self.isAnswer(head.status) || head.status == accepted else {
          throw HTTPUFSFailure(head)
        }
        return HTTPUFSAnswer(
          reply: head, location: reply.location, isDirectory: reply.isDirectory)
      } catch {
        pass.retryAfter = error.retryAfter
        throw self.error(error.code, operation, path, error.cause)
      }
    }
  }

  /// Whether a status brings what was asked for.
  static func isAnswer(_ status: UInt16) -> Bool { status == 200 || status == 206 }

  /// Sends one request and follows redirects; the reply's body is not read yet.
  ///
  /// The mount's credential goes to the mount's own server only, and never from https to http.
  func send(
    _ method: HTTPMethod, from start: HTTPLocation, fields: [(name: String, value: String)],
    abort: HTTPClientAbort? = nil
  ) async throws(HTTPUFSFailure) -> Reply {
    var location = start
    var redirectCount = 0
    while true {
      var request = HTTPClientRequest(method, location.origin, target: location.target)
      request.abort = abort
      // A coded body would have another length, and a tag of its own.
      request.fields = fields + [("Accept-Encoding", "identity")]
      if location.origin == origin, let authorization = options.authorization {
        request.fields.append(("Authorization", authorization))
      }
      let response: HTTPClientResponse
      do throws(HTTPClientError) {
        response = try await client.send(request, deadline: deadline)
      } catch {
        throw HTTPUFSFailure(error)
      }
      guard [301, 302, 303, 307, 308].contains(response.status) else {
        return Reply(response: response, location: location)
      }
      let next = response.field("Location").flatMap { location.resolved($0) }
      guard let next else {
        response.drop()
        throw HTTPUFSFailure(.io, .badRedirect)
      }
      // A server adds a slash to the name of a directory, and to nothing else.
      if next.path == location.path + "/" {
        return Reply(response: response, location: next, isDirectory: true)
      }
      await response.finish()
      redirectCount += 1
      guard redirectCount <= options.redirectCountMax else {
        throw HTTPUFSFailure(.io, .tooManyRedirects)
      }
      guard next.origin.isSecure || !location.origin.isSecure else {
        throw HTTPUFSFailure(.denied, .insecureRedirect)
      }
      location = next
    }
  }
}
