// Fuzzes what reads the replies of S3 and of the services that give out credentials: nothing traps, nothing grows beyond its input.

/// Called by libFuzzer for each input: the body of a reply.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReply(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = unsafe [UInt8](UnsafeBufferPointer(start: data, count: size))
  if let page = try? S3ListPage(parsing: bytes) {
    precondition(page.objects.count + page.prefixes.count <= size, "a key takes a byte")
    for object in page.objects { precondition(object.length >= 0, "a length is not negative") }
  }
  if let reply = try? S3Reply(parsing: bytes) {
    precondition(reply.failures.count <= size, "a failure takes a byte")
  }
  var xml = XMLReader(bytes)
  if (try? xml.root()) != nil, (try? xml.skip()) != nil { _ = try? xml.end() }
  _ = try? S3WebIdentityReply.credentials(bytes)
  _ = CredentialDocument.credentials(bytes)
  let text = String(decoding: bytes, as: UTF8.self)
  if let time = S3Time(iso: text) {
    precondition(time.stamp.utf8.count == 16, "a stamp has sixteen characters")
  }
  return 0
}
