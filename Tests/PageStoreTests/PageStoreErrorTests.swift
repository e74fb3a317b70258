import Glibc
import PageStore
import Ring
import Testing

@Suite("PageStoreError")
struct PageStoreErrorTests {
  @Test(
    "what an operator reads has no name of a part of the program",
    arguments: [
      .pageSizeInvalid, .capacityTooSmall, .capacityTooLarge, .memoryUnavailable,
      .volumeLogDamaged, .volumeUnavailable, .volumeMismatch, .volumeInUse,
    ] as [PageStoreError.Code])
  func words(code: PageStoreError.Code) {
    let bare = PageStoreError(code, operation: "pageStore.test")
    #expect(!bare.description.contains("pageStore") && !bare.description.contains("\(code)"))
    #expect(bare.description.contains(" "))
    let cause = RingError(.system, operation: "ring.test", errno: ENOMEM)
    let whole = PageStoreError(code, operation: "pageStore.test", subject: "/d: no", cause: cause)
    #expect(whole.description == "/d: no: Cannot allocate memory")
  }
}
