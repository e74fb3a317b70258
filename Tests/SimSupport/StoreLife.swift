// One life of the store: from opening to a planned end or a loss of power.

import PageStore

/// An open store and what lies under it.
final class StoreLife {
  let store: PageStore

  /// Opens a store as the plan of `simulation` says; nil when that fails.
  init?(_ simulation: StoreSimulation) {
    let plan = simulation.plan
    guard
      let store = try? PageStore(
        capacity: plan.memoryPages * plan.pageSize, pageSize: plan.pageSize,
        seed: simulation.random.next())
    else { return nil }
    self.store = store
  }
}
