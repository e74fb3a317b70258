// Handles of C: a retained object behind a pointer. Whoever closes a handle twice, or uses it afterwards, breaks the header's rule.

import CPenstock
import Glibc
import PenstockClient

/// A directory's entries, with their texts as C reads them.
@safe final class Listing {
  // SAFETY: each text is a copy that lives as long as this.
  let entries: [ClientStatus]
  let paths: [UnsafeMutablePointer<CChar>?]
  let ufsPaths: [UnsafeMutablePointer<CChar>?]

  init(_ entries: [ClientStatus]) {
    self.entries = entries
    unsafe paths = entries.map { unsafe strdup($0.path) }
    unsafe ufsPaths = entries.map { unsafe strdup($0.ufsPath) }
  }

  deinit {
    for index in entries.indices {
      unsafe free(paths[index])
      unsafe free(ufsPaths[index])
    }
  }
}

/// The pointer that stands for `object` until it is taken back.
func handle(_ object: some AnyObject) -> OpaquePointer {
  unsafe OpaquePointer(Unmanaged.passRetained(object).toOpaque())
}

/// The object behind a pointer.
func object<T: AnyObject>(_ pointer: OpaquePointer, _ type: T.Type) -> T {
  unsafe Unmanaged<T>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
}

/// The object behind a pointer, which stands for it no more.
func taken<T: AnyObject>(_ pointer: OpaquePointer, _ type: T.Type) -> T {
  unsafe Unmanaged<T>.fromOpaque(UnsafeRawPointer(pointer)).takeRetainedValue()
}

/// Copies `text` to a field of C, cut to whole characters, with a NUL behind it.
func copy(_ text: String, to field: UnsafeMutableRawBufferPointer) {
  var text = text
  while text.utf8.count >= field.count { text.removeLast() }
  unsafe field.copyBytes(from: Array(text.utf8) + [0])
}

/// Tells C what went wrong, if it wants to know.
func tell(_ error: ClientError, _ target: UnsafeMutablePointer<penstock_error>?) {
  guard let target = unsafe target else { return }
  unsafe target.pointee.code = error.code.rawValue
  unsafe target.pointee.is_temporary = error.isTemporary ? 1 : 0
  unsafe target.pointee.retry_ms = error.retryAfter
  unsafe withUnsafeMutableBytes(of: &target.pointee.message) {
    unsafe copy(error.description, to: $0)
  }
}

/// Runs `body`; what it throws is told, and nil returned.
func attempt<T>(
  _ error: UnsafeMutablePointer<penstock_error>?, _ body: () throws(ClientError) -> T
) -> T? {
  do throws(ClientError) {
    return try body()
  } catch let failure {
    unsafe tell(failure, error)
    return nil
  }
}

/// Writes a status for C.
func write(_ status: ClientStatus, to target: UnsafeMutablePointer<penstock_status>?) {
  guard let target = unsafe target else { return }
  unsafe target.pointee.length = status.length
  unsafe target.pointee.modified_ms = status.modifiedAt
  unsafe target.pointee.is_directory = status.isDirectory ? 1 : 0
  unsafe target.pointee.cached_percent = status.cachedPercentage
  unsafe withUnsafeMutableBytes(of: &target.pointee.entity_tag) {
    unsafe copy(status.entityTag, to: $0)
  }
}

/// An offset or size of C; one that no file has becomes the largest there is.
func clamped(_ value: UInt64) -> Int { Int(clamping: value) }
