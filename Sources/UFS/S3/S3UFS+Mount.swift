// From a mount's specification to its UFS. Nothing is asked of the store here: a worker starts while its stores are away.

import Glibc
import HTTPWire
import Ring

extension S3UFS {
  /// The UFS of an `s3://bucket/prefix` mount.
  ///
  /// - Throws: `.badURI`, and what is wrong with the options.
  convenience init(
    _ uri: UFSURI, _ specification: MountSpecification, _ environment: UFSEnvironment,
    variables: CredentialEnvironment = CredentialEnvironment()
  ) throws(MountError) {
    let mount = specification.alluxioPath
    if let rule = S3Path.brokenRule(uri.path) {
      throw MountError(.badURI(specification.uri, rule), mount: mount)
    }
    let options = try S3Options(
      parsing: specification.options, defaults: environment.settings, mount: mount)
    let region =
      options.region ?? variables.value("AWS_REGION") ?? variables.value("AWS_DEFAULT_REGION")
      ?? "us-east-1"
    guard let endpoint = S3Endpoint(bucket: uri.authority, options: options, region: region) else {
      throw MountError(
        .badOption(
          "alluxio.underfs.s3.endpoint", value: options.endpoint ?? "",
          accepted:
            "host, host:port or a URL without a path, which does not begin with http:// when"
            + " alluxio.underfs.s3.secure.http.enabled is true"), mount: mount)
    }
    guard options.isReadOnly || options.partSize <= environment.uploads.limit else {
      throw MountError(
        .badOption(
          "alluxio.underfs.s3.multipart.upload.partition.size", value: "\(options.partSize)",
          accepted:
            "at most \(environment.uploads.limit), what penstock.worker.ufs.upload.memory leaves for all parts"
        ),
        mount: mount)
    }
    if options.tls != TLSOptions(), let problem = options.tls.problem {
      throw MountError(
        .badOption(
          "penstock.underfs.s3.tls.*", value: problem, accepted: "PEM files that can be read"),
        mount: mount)
    }
    if let file = options.credentialsFile, unsafe access(file, R_OK) != 0 {
      throw MountError(
        .badOption(
          "penstock.underfs.s3.credentials.file", value: file,
          accepted: "a file that can be read (\(errnoText(errno)))"), mount: mount)
    }
    let client =
      options.needsOwnClient(environment.http.options)
      ? environment.http.with(options.clientOptions(environment.http.options)) : environment.http
    let chain = S3CredentialChain.make(
      options, region: region, isAmazon: endpoint.isAmazon, environment: variables,
      client: environment.http, pool: environment.pool)
    let flowOptions = try FlowOptions(
      parsing: Dictionary(
        specification.options.map { (S3Options.canonical($0.key), $0.value) },
        uniquingKeysWith: { first, _ in first }), defaults: environment.flowOptions, mount: mount)
    let host = endpoint.origin.authority
    let gate = environment.flow.gate(
      mount: mount, host: host, scope: "\(host)/\(uri.authority)", options: flowOptions)
    self.init(
      bucket: uri.authority, root: uri.path, scheme: uri.scheme, options: options,
      requester: S3Requester(
        options: options, endpoint: endpoint, region: region, client: client, chain: chain,
        pool: environment.pool, gate: gate), uploads: environment.uploads)
  }
}

extension S3Options {
  /// The client's options for this mount.
  func clientOptions(_ shared: HTTPClientOptions) -> HTTPClientOptions {
    var options = shared
    options.tls = tls
    options.stallTimeout = socketTimeout
    if let proxyHost { options.proxy = HTTPProxy(host: proxyHost, port: proxyPort) }
    return options
  }
}
