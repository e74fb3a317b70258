import Testing

@testable import WorkerDaemon

@Suite("QuotaAccount")
struct QuotaAccountTests {
  @Test("nothing is granted before a survey, and never more than the limit after it")
  func grants() {
    let account = QuotaAccount(path: .root, limit: 100)
    #expect(account.used == nil)
    #expect(account.reserve(10, now: 1) == .surveyDue)
    #expect(account.reserve(10, now: 1) == .denied, "one survey at a time")
    account.finishSurvey(resident: 70, isFutile: false, now: 1)
    #expect(account.reserve(20, now: 2) == .granted)
    #expect(account.reserve(10, now: 2) == .granted)
    #expect(account.used == 100)
    account.cancel(10)
    account.commit(20)
    #expect(account.used == 90 && account.inFlight == 0)
    #expect(account.reserve(101, now: 2) == .denied, "more than the limit never fits")
  }

  @Test("a survey that freed nothing is not repeated at once")
  func quiet() {
    let account = QuotaAccount(path: .root, limit: 100)
    #expect(account.reserve(10, now: 0) == .surveyDue)
    account.finishSurvey(resident: 100, isFutile: true, now: 0)
    #expect(account.reserve(10, now: 1) == .denied)
    #expect(account.reserve(10, now: 2_000_000_000) == .surveyDue)
    account.finishSurvey(resident: 50, isFutile: false, now: 2_000_000_000)
    #expect(account.reserve(50, now: 2_000_000_000) == .granted)
    #expect(account.reserve(1, now: 2_000_000_001) == .surveyDue)
    account.setLimit(200)
    account.finishSurvey(resident: 50, isFutile: false, now: 2_000_000_001)
    #expect(account.reserve(100, now: 2_000_000_002) == .granted)
  }

  @Test("what is committed while a survey counts is counted, at worst twice")
  func meanwhile() {
    let account = QuotaAccount(path: .root, limit: 100)
    #expect(account.reserve(1, now: 0) == .surveyDue)
    account.finishSurvey(resident: 0, isFutile: false, now: 0)
    #expect(account.reserve(60, now: 0) == .granted)
    #expect(account.reserve(60, now: 2_000_000_000) == .surveyDue)
    account.commit(60)
    account.finishSurvey(resident: 0, isFutile: false, now: 2_000_000_000)
    #expect(account.used == 60)
  }
}
