// What the simulated source says when it does not answer.

/// A read of the source that failed, or met another version.
struct SimUFSError: Error {}
