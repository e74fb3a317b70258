// getaddrinfo, with numeric text for an answer.

import Glibc

/// The addresses of `host` as the system's resolver knows them, in its order; blocks.
package func systemAddresses(of host: String) -> Result<[String], HostResolver.Failure> {
  var hints = unsafe addrinfo()
  unsafe hints.ai_family = AF_UNSPEC
  unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var list: UnsafeMutablePointer<addrinfo>?
  let rc = unsafe getaddrinfo(host, nil, &hints, &list)
  guard rc == 0 else { return .failure(.init(unsafe String(cString: gai_strerror(rc)))) }
  defer { unsafe freeaddrinfo(list) }
  var found: [String] = []
  var current = unsafe list
  while let entry = unsafe current {
    if let text = unsafe numericText(entry.pointee), !found.contains(text) { found.append(text) }
    unsafe current = unsafe entry.pointee.ai_next
  }
  return .success(found)
}

/// The numeric text of an address; nil for those that need a scope, which a socket address here cannot carry.
private func numericText(_ entry: addrinfo) -> String? {
  unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
    guard let base = buffer.baseAddress,
      unsafe getnameinfo(entry.ai_addr, entry.ai_addrlen, base, 128, nil, 0, NI_NUMERICHOST) == 0
    else { return nil }
    let text = unsafe String(cString: base)
    return text.utf8.contains(UInt8(ascii: "%")) ? nil : text
  }
}
