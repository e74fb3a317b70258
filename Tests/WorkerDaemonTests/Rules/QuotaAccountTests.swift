import Testing

@testable import WorkerDaemon

@Suite("QuotaAccount")
struct QuotaAccountTests {
  @Test("nothing is granted before a survey, and never more than the limit after it")
  func grants() {
    let account = QuotaAccount(path: .root, limit: 100)
    #expect(account.used == nil)
    guard let survey = due(account, 10, now: 1) else {
      Issue.record("no survey is due")
      return
    }
    #expect(answer(account, 10, now: 1) == "denied", "one survey at a time")
    survey.finish(resident: 70, isFutile: false, now: 1)
    #expect(answer(account, 20, now: 2) == "granted")
    #expect(answer(account, 10, now: 2) == "granted")
    #expect(account.used == 100)
    account.cancel(10)
    account.commit(20)
    #expect(account.used == 90 && account.inFlight == 0)
    #expect(answer(account, 101, now: 2) == "denied", "more than the limit never fits")
  }

  @Test("a survey that freed nothing is not repeated at once")
  func quiet() {
    let account = QuotaAccount(path: .root, limit: 100)
    due(account, 10, now: 0)?.finish(resident: 100, isFutile: true, now: 0)
    #expect(answer(account, 10, now: 1) == "denied")
    due(account, 10, now: 2_000_000_000)?
      .finish(resident: 50, isFutile: false, now: 2_000_000_000)
    #expect(answer(account, 50, now: 2_000_000_000) == "granted")
    #expect(answer(account, 1, now: 2_000_000_001) == "survey due")
    account.setLimit(200)
    account.beginSurvey().finish(resident: 50, isFutile: false, now: 2_000_000_001)
    #expect(answer(account, 100, now: 2_000_000_002) == "granted")
  }

  @Test("what is committed while surveys count is counted, at worst twice")
  func meanwhile() {
    let account = QuotaAccount(path: .root, limit: 100)
    account.beginSurvey().finish(resident: 0, isFutile: false, now: 0)
    #expect(answer(account, 60, now: 0) == "granted")
    let first = account.beginSurvey()
    account.commit(60)
    let second = account.beginSurvey()
    first.finish(resident: 0, isFutile: false, now: 1)
    #expect(account.used == 60)
    second.finish(resident: 60, isFutile: false, now: 1)
    #expect(account.used == 120, "errs upwards until the next survey")
    account.beginSurvey().finish(resident: 60, isFutile: false, now: 2)
    #expect(account.used == 60)
  }

  @Test("a survey that was not enough, or was given up, leaves the next one possible")
  func surveyed() {
    let account = QuotaAccount(path: .root, limit: 100)
    due(account, 60, now: 0)?.finish(resident: 50, isFutile: false, now: 0)
    let again = account.reserve(60, now: 0, isSurveyed: true)
    switch again {
    case .granted: Issue.record("there is no room")
    case .surveyDue: Issue.record("a survey was done")
    case .denied: break
    }
    #expect(answer(account, 60, now: 1) == "survey due", "and dropped by the one who was told")
    #expect(answer(account, 60, now: 1) == "survey due")
    #expect(answer(account, 50, now: 1) == "granted")
  }

  /// The survey that a wish for `count` bytes is to do; nil when it met another answer.
  private func due(_ account: QuotaAccount, _ count: Int64, now: UInt64) -> QuotaSurvey? {
    switch account.reserve(count, now: now) {
    case .granted: nil
    case .denied: nil
    case .surveyDue(let survey): survey
    }
  }

  private func answer(_ account: QuotaAccount, _ count: Int64, now: UInt64) -> String {
    switch account.reserve(count, now: now) {
    case .granted: "granted"
    case .denied: "denied"
    case .surveyDue: "survey due"
    }
  }
}
