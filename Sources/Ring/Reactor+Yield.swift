// Tasks that let others go first.

extension Reactor {
  /// Lets the ring look at what has come, and what is ready run, before the calling task goes on.
  package func yield() async {
    preconditionOnReactor()
    await unsafe withUnsafeContinuation { unsafe yielded.append($0) }
  }

  /// Lets those go on who let others go first.
  func resumeYielded() {
    guard unsafe !yielded.isEmpty else { return }
    let all = unsafe yielded
    unsafe yielded.removeAll(keepingCapacity: true)
    for index in unsafe all.indices { unsafe all[index].resume() }
  }
}
