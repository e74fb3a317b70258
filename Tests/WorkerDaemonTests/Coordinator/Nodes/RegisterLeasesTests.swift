import Testing

@testable import WorkerDaemon

@Suite("RegisterLeases")
struct RegisterLeasesTests {
  @Test("only so many workers register at a time, and the next one's turn comes with an end")
  func bound() {
    var leases = RegisterLeases(countMax: 2, life: 100)
    let (first, second, third) = (
      leases.take(now: 0), leases.take(now: 1), leases.take(now: 2)
    )
    #expect(first != nil && second != nil && first != second && third == nil)
    leases.giveBack(first ?? 0)
    let (fourth, fifth) = (leases.take(now: 3), leases.take(now: 4))
    #expect(fourth != nil && fifth == nil)
  }

  @Test(
    "a registration that says nothing for the lease's life gives it up, one that speaks keeps it")
  func life() {
    var leases = RegisterLeases(countMax: 2, life: 100)
    let (silent, busy) = (leases.take(now: 0) ?? 0, leases.take(now: 0) ?? 0)
    let isRenewed = leases.renew(busy, now: 90)
    let (early, late) = (leases.take(now: 99), leases.take(now: 120))
    #expect(isRenewed && early == nil && late != nil)
    let (isSilentThere, isBusyThere) = (
      leases.renew(silent, now: 121), leases.renew(busy, now: 122)
    )
    #expect(!isSilentThere && isBusyThere)
    #expect(leases.count == 2)
  }

  @Test("without a bound every worker registers at once")
  func unbound() {
    var leases = RegisterLeases(countMax: nil, life: 1)
    let taken = (0..<1000 as Range<UInt64>).compactMap { leases.take(now: $0) }
    #expect(taken.count == 1000)
  }
}
