// The life of a load job.

import Testing
import WorkerDaemon

@Suite struct LoadStateMachineTests {
  @Test("a job waits, runs, verifies and ends; each step happens once")
  func moves() {
    var machine = LoadStateMachine()
    #expect(machine.state == .waiting)
    let steps = [
      machine.verify(), machine.finish(failure: nil), machine.start(), machine.start(),
      machine.verify(), machine.finish(failure: nil), machine.stop(), machine.finish(failure: "x"),
    ]
    #expect(steps == [false, false, true, false, true, true, false, false])
    #expect(machine.state == .succeeded)
    #expect(machine.failure == nil)
  }

  @Test("a stopped job neither succeeds nor fails any more")
  func staysStopped() {
    var machine = LoadStateMachine()
    let steps = [machine.stop(), machine.start(), machine.finish(failure: "x")]
    #expect(steps == [true, false, false])
    #expect(machine.state == .stopped)
    #expect(machine.state.isTerminal)
  }

  @Test("clients never see WAITING")
  func words() {
    #expect(LoadState.waiting.clientWord == "RUNNING")
    #expect(LoadState.failed.clientWord == "FAILED")
  }
}
