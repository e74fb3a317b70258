// The chain that a mount's options ask for.

import HTTPWire
import Ring

extension S3CredentialChain {
  /// The sources that `options` choose, in the order in which they are asked.
  ///
  /// Nil for an anonymous mount. `isAmazon` tells AWS from other stores: only there is the instance asked unbidden.
  static func make(
    _ options: S3Options, region: String, isAmazon: Bool, environment: CredentialEnvironment,
    client: HTTPClient, pool: BlockingPool
  ) -> S3CredentialChain? {
    let http = CredentialHTTP(client: client)
    let given = options.credentials.map { S3StaticCredentials(credentials: $0) }
    let variables = S3EnvironmentCredentials(environment: environment)
    let identity = S3WebIdentityCredentials(
      environment: environment, region: region, http: http, pool: pool)
    let profile = S3ProfileCredentials(
      profile: options.profile, file: options.credentialsFile, environment: environment,
      pool: pool)
    let container = S3ContainerCredentials(environment: environment, http: http, pool: pool)
    let instance = S3InstanceCredentials(
      environment: environment, http: http, isRequired: options.credentialKind == .instance)
    let sources: [any S3CredentialSource]
    switch options.credentialKind {
    case .anonymous: return nil
    case .static: sources = given.map { [$0] } ?? []
    case .environment: sources = [variables]
    case .webIdentity: sources = [identity]
    case .profile: sources = [profile]
    case .container: sources = [container]
    case .instance: sources = [instance]
    case .auto:
      if let given {
        sources = [given]
      } else {
        sources = [variables, identity, profile, container] + (isAmazon ? [instance] : [])
      }
    }
    return S3CredentialChain(
      sources, isAnonymousAllowed: options.credentialKind == .auto && !isAmazon)
  }
}
