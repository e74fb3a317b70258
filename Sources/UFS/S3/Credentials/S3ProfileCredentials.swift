// Credentials of a profile in the shared credentials file.

import Ring

/// A profile of `~/.aws/credentials`, or of the file that is named.
struct S3ProfileCredentials: S3CredentialSource {
  let name: StaticString = "profile"
  /// The profile that was asked for; nil takes `AWS_PROFILE`, else `default`.
  let profile: String?
  /// The file that was named; nil takes `AWS_SHARED_CREDENTIALS_FILE`, else the home's.
  let file: String?
  /// The variables.
  let environment: CredentialEnvironment
  /// Threads to read the file on.
  let pool: BlockingPool

  func fetch() async throws(S3CredentialError) -> S3Credentials? {
    let named = file ?? environment.value("AWS_SHARED_CREDENTIALS_FILE")
    guard let path = named ?? environment.value("HOME").map({ "\($0)/.aws/credentials" }) else {
      return nil
    }
    let chosen = profile ?? environment.value("AWS_PROFILE")
    let isWanted = chosen != nil || named != nil
    let text = await pool.run { SmallFile.read(path).map { String(decoding: $0, as: UTF8.self) } }
    let found = text.flatMap { CredentialProfiles.credentials(of: chosen ?? "default", in: $0) }
    // Whoever names a profile or a file means it; the home's default may be missing.
    guard found == nil, isWanted else { return found }
    let what =
      text == nil
      ? "\(path) cannot be read; correct penstock.underfs.s3.credentials.file or"
        + " AWS_SHARED_CREDENTIALS_FILE"
      : "\(path) has no profile '\(chosen ?? "default")' with both aws_access_key_id and"
        + " aws_secret_access_key; correct the file, penstock.underfs.s3.profile or AWS_PROFILE"
    throw S3CredentialError(.refused, name, what)
  }
}
