// Memory of objects on their way to stores: bounded for all writers of the process together.
//
//   a writer's first bytes   ─▶ a beginning, 256 KiB    small objects need no more, and do not wait for large ones
//   more of them             ─▶ a part                  held until the part was sent; who waits holds at most parts that are being sent

/// What writers of objects may hold.
package final class UploadMemory: Sendable {
  /// Bytes of a beginning.
  static let beginningSize = 256 << 10
  /// Bytes of all beginnings.
  private static let beginningsSize = 32 << 20

  private let beginnings = ByteBudget(limit: beginningsSize)
  private let parts: ByteBudget

  /// Memory of `limit` bytes for parts, and some for beginnings.
  package init(limit: Int = 192 << 20) { parts = ByteBudget(limit: limit) }

  /// Bytes of all parts; a part cannot be larger.
  var limit: Int { parts.limit }

  /// Bytes that are granted now.
  var used: Int { parts.used + beginnings.used }

  /// Bytes that uploads take at most, under `limit` bytes of parts.
  package static func sizeMax(limit: Int) -> Int { limit + beginningsSize }

  /// Memory for the first bytes of an object; waits for it.
  func takeBeginning() async -> UploadGrant {
    UploadGrant(await beginnings.take(Self.beginningSize), of: beginnings)
  }

  /// Memory for a part of `size` bytes; waits for it.
  func takePart(_ size: Int) async -> UploadGrant {
    UploadGrant(await parts.take(size), of: parts)
  }
}

/// Memory that a writer may use as long as this lives.
final class UploadGrant: Sendable {
  /// How many bytes.
  let size: Int
  private let budget: ByteBudget

  /// `size` bytes that were taken from `budget`.
  init(_ size: Int, of budget: ByteBudget) {
    self.size = size
    self.budget = budget
  }

  deinit { budget.giveBack(size) }
}
