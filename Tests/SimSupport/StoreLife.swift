// One life of the store: from opening to a planned end or a loss of power.

import PageStore

/// An open store on the disks of a simulation.
final class StoreLife {
  let store: PageStore

  /// Opens a store as the plan of `simulation` says, with the pages that its disks remember.
  init(_ simulation: StoreSimulation) throws {
    let (plan, executor) = (simulation.plan, simulation.executor)
    let memory = plan.memoryPages * plan.pageSize
    let disk = plan.disks.reduce(0) { $0 + $1.blocks * (plan.pageSize + 4096) }
    let slotCount = PageStore.slotCount(bytes: (memory + 32 << 20) + disk)
    var options = plan.options
    options.seed = simulation.random.next()
    options.clock = { executor.now }
    options.wallClock = { UInt32(executor.now / 1_000_000_000) }
    store = try PageStore(
      memory: memory, nodes: Array(0..<plan.nodes),
      disks: try simulation.disks.map { try $0.open(simulation, slotCount: slotCount) },
      options: options)
  }
}
