// Words for what the kernel says.

import Glibc

/// The kernel's words for an errno.
func systemText(_ code: Int32) -> String {
  // SAFETY: strerror never returns nil and has a text of its own for each thread; it is copied at once.
  unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
}

/// CPUs of this machine, of which the worker may use others than this process; at least 1.
func onlineCPUCount() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

/// The name of this host; empty when it has none.
func systemHostname() -> String {
  var text = [CChar](repeating: 0, count: 256)
  guard unsafe gethostname(&text, text.count - 1) == 0 else { return "" }
  return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
