// The chapters of the key registry.

/// What part of the product a key belongs to; the documentation has one table per area.
package enum ConfigurationArea: String, Sendable, CaseIterable {
  case general = "General"
  case workerNetwork = "Worker network"
  case workerHTTP = "Worker HTTP limits"
  case workerIdentity = "Worker identity and membership"
  case workerProcess = "Worker process"
  case workerLoad = "Worker load and UFS reads"
  case pageStore = "Page store"
  case metadata = "Metadata"
  case tiers = "Tiered store (2.x names)"
  case locality = "Locality and short circuit"
  case s3Storage = "S3 storage"
  case ufs = "UFS and HDFS"
  case mounts = "Mounts"
  case coordinator = "Coordinator and scheduler"
  case master = "Master (2.x names)"
  case etcd = "etcd"
  case s3API = "S3 API"
  case cachePolicy = "Cache policies"
  case client = "Client"
  case security = "Security"
  case fuse = "FUSE"
  case unused = "Accepted, without effect"
}
