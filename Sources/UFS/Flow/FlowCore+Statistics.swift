// What happened, by mount and verb.

extension FlowCore {
  /// One row per mount and verb, by mount in the order they came.
  func statistics() -> [FlowStatistics] {
    let verbs = FlowVerb.allCases
    var rows = mounts.flatMap { mount in
      verbs.map { FlowStatistics(mount: mount.name, verb: $0) }
    }
    for lane in lanes {
      let row = lane.mount * verbs.count + Int(lane.verb.rawValue)
      rows[row].inFlight += lane.inFlight
      rows[row].waiting += lane.waiting
      rows[row].counts.add(lane.counts)
      let window = windows[lane.window].limit
      if window < .max { rows[row].window = min(rows[row].window ?? .max, window) }
    }
    return rows
  }
}
