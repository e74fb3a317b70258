// A multipart upload under way: parts are sent side by side, in any order.
//
//   add(part 1) ─▶ sent ──────────────▶ tag 1
//   add(part 2) ─▶ sent ───▶ tag 2             waits while as many are on their way as memory allows
//   settle      ─▶ waits for all of them       the first failure is told to whoever comes next

import HTTPWire
import Model
import Ring

/// An upload of parts, and those that are there.
///
/// Ring-confined.
// SAFETY: confined to the reactor's thread; its tasks run there.
@safe final class S3Upload: @unchecked Sendable {
  /// Most bytes of parts that are on their way, unless one alone is more.
  private static let inFlightSizeMax = 128 << 20
  /// Most parts that are on their way.
  private static let inFlightCountMax = 4

  private let fileSystem: S3UFS
  private let path: String
  private let id: String
  private let reactor: Reactor
  private var tags: [String?] = []
  private var inFlightCount = 0
  private var failure: UFSError?
  private var waiter: UnsafeContinuation<Void, Never>?

  /// Parts uploaded or on their way.
  var partCount: Int { tags.count }

  /// Begins an upload of the object at `path`.
  static func begin(_ fileSystem: S3UFS, _ path: String) async throws(UFSError) -> S3Upload {
    var request = fileSystem.request(.post, path, "ufs.append")
    request.query = [("uploads", "")]
    request.fields = fileSystem.writeFields
    let reply = try await fileSystem.requester.performReply(request)
    guard let id = reply.text("UploadId"), !id.isEmpty else {
      throw fileSystem.error(.io, "ufs.append", path, .store(status: 200, code: "NoUploadId"))
    }
    return S3Upload(fileSystem, path, id)
  }

  private init(_ fileSystem: S3UFS, _ path: String, _ id: String) {
    self.fileSystem = fileSystem
    self.path = path
    self.id = id
    reactor = fileSystem.requester.reactor
    unsafe waiter = nil
  }

  /// Parts that may be on their way at once.
  private var inFlightMax: Int {
    max(1, min(Self.inFlightCountMax, Self.inFlightSizeMax / fileSystem.options.partSize))
  }

  /// Adds a part and returns when it is on its way; a part that is sent twice replaces itself.
  ///
  /// - Throws: What an earlier part met.
  func add(_ part: S3Part) async throws(UFSError) {
    while inFlightCount >= inFlightMax, failure == nil { await wait() }
    if let failure { throw failure }
    tags.append(nil)
    inFlightCount += 1
    let number = tags.count
    reactor.spawn { [self] in
      do throws(UFSError) {
        tags[number - 1] = try await send(part, number)
      } catch {
        failure = failure ?? error
      }
      inFlightCount -= 1
      if let waiter = unsafe waiter {
        unsafe self.waiter = nil
        unsafe waiter.resume()
      }
    }
  }

  private func wait() async { await unsafe withUnsafeContinuation { unsafe waiter = $0 } }

  private func send(_ part: S3Part, _ number: Int) async throws(UFSError) -> String {
    defer { withExtendedLifetime(part) {} }
    var request = fileSystem.request(.put, path, "ufs.append")
    request.query = [("partNumber", "\(number)"), ("uploadId", id)]
    unsafe request.body = part.bytes
    let head = try await fileSystem.requester.performEmpty(request)
    guard let tag = head.field("ETag") else {
      throw fileSystem.error(.io, "ufs.append", path, .store(status: 200, code: "NoEntityTag"))
    }
    return S3Version.normalised(tag)
  }

  /// Makes the parts one object, when all are there, and returns its entity tag.
  ///
  /// Not repeated after an answer was lost: the store forgets an upload that it completed. An answer of success that
  /// does not say what came of it is followed by a question for the object of `length` bytes.
  ///
  /// - Throws: What a part met, and what the store says.
  func complete(_ mode: UFSCreation, length: Int64) async throws(UFSError) -> String {
    while inFlightCount > 0 { await wait() }
    if let failure { throw failure }
    var text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    for (index, tag) in tags.enumerated() {
      text +=
        "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(S3Text.escaped(tag ?? ""))</ETag></Part>"
    }
    text += "</CompleteMultipartUpload>"
    let body = S3Text(text)
    var request = fileSystem.request(.post, path, "ufs.commit")
    request.query = [("uploadId", id)]
    request.fields = [("Content-Type", "application/xml")]
    if mode == .exclusive { request.fields.append(("If-None-Match", "*")) }
    request.conflict = .exists
    request.isRepeatable = false
    unsafe request.body = body.bytes
    defer { withExtendedLifetime(body) {} }
    let doubt: UFSError
    do throws(UFSError) {
      let reply = try await fileSystem.requester.performReply(request)
      // The root is not looked at: some stores give it another name.
      if let tag = reply.text("ETag"), !tag.isEmpty { return tag }
      doubt = fileSystem.error(.io, "ufs.commit", path, .store(status: 200, code: reply.root))
    } catch  where Self.isUnread(error) {
      doubt = error
    }
    guard let found = try await fileSystem.object(path, "ufs.commit")?.version,
      found.length == length, found.token.utf8.reversed().starts(with: suffix.utf8.reversed())
    else { throw doubt }
    return found.token
  }

  /// What the entity tag of an object of these parts ends in.
  private var suffix: String { "-\(tags.count)\"" }

  /// Whether the store said yes with a body that cannot be understood.
  private static func isUnread(_ error: UFSError) -> Bool {
    guard case .store(status: 0, let code) = error.cause else { return false }
    return hasBytePrefix(code, "BadReply:")
  }

  /// Drops the parts, those on their way too.
  ///
  /// A store that cannot be asked keeps them until its own rules remove them.
  func abort() async {
    // A part that arrives after the abort would stay.
    while inFlightCount > 0 { await wait() }
    // By a task of its own: whoever wrote may be gone, its parts must not stay.
    await reactor.run { [self] in
      var request = fileSystem.request(.delete, path, "ufs.abort")
      request.query = [("uploadId", id)]
      _ = try? await fileSystem.requester.performEmpty(request)
    }
  }
}
