// The books of a load job.

import DaemonDriver
import Testing
import WorkerDaemon

@Suite struct LoadLedgerTests {
  @Test("random histories of a file keep the books balanced")
  func balances() {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    var ledger = LoadLedger()
    for _ in 0..<2000 {
      let length = Int64.random(in: 0...1000, using: &random)
      ledger.list(bytes: length)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: ledger.skip(bytes: length)
      case 1:
        let part = Int64.random(in: 0...length, using: &random)
        ledger.load(bytes: part)
        ledger.fail(unsettled: length - part)
      case 2:
        let part = Int64.random(in: 0...length, using: &random)
        ledger.load(bytes: part)
        ledger.relist(oldBytes: length, loaded: part, bytes: length + 7)
        ledger.load(bytes: length + 7)
        ledger.finishLoaded()
      case 3:
        ledger.skip(bytes: length)
        ledger.lose(bytes: length / 2, wasSkipped: true)
      case 4:
        ledger.load(bytes: length)
        ledger.finishLoaded()
        ledger.reopen(bytes: length, wasSkipped: false)
      default:
        ledger.load(bytes: length)
        ledger.finishLoaded()
        ledger.lose(bytes: length / 2, wasSkipped: false)
      }
      #expect(ledger.isBalanced, "SEED=\(seed)")
    }
  }
}
