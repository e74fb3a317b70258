// Bodies of the REST port.

import Model
import Testing
import WorkerDaemon

@Suite struct RESTJSONTests {
  @Test("the status object has every field of compat §2.5, with the path encoded by segment")
  func writesStatus() throws {
    let version = FileVersion(token: "1-2-3", length: 10_485_760)
    let status = FileStatus(
      ufsPath: "s3://bkt/dir/p ü.bin", kind: .file, length: 10_485_760,
      modificationTime: 1_732_000_000_000_999_999, owner: "me", group: "us", mode: 0o640,
      version: version)
    var writer = JSONWriter()
    RESTJSON.status(
      status, alluxioPath: "/s3/dir/p ü.bin", residentBytes: 10_485_759, to: &writer)
    let hash = version.entityTag.dropFirst().dropLast()
    #expect(
      String(decoding: writer.bytes, as: UTF8.self)
        == #"{"mType":"file","mName":"p ü.bin","mPath":"/s3/dir/p%20%C3%BC.bin","#
        + #""mUfsPath":"s3://bkt/dir/p ü.bin","mLength":10485760,"mHumanReadableFileSize":"10.00MB","#
        + #""mCompleted":true,"mOwner":"me","mGroup":"us","mMode":"-rw-r-----","mCreationTimeMs":0,"#
        + #""mLastModificationTimeMs":1732000000000,"mLastAccessTimeMs":0,"mPersisted":true,"#
        + #""mInAlluxioPercentage":99,"mContentHash":"\#(hash)"}"#)
  }

  @Test("a directory has no length, no hash and nothing cached; an empty file is all cached")
  func writesDirectories() {
    var writer = JSONWriter()
    RESTJSON.status(
      FileStatus(
        ufsPath: "s3://bkt/d", kind: .directory, length: 4096, modificationTime: -1, mode: 0o755,
        version: nil), alluxioPath: "/d", residentBytes: 0, to: &writer)
    let json = String(decoding: writer.bytes, as: UTF8.self)
    #expect(json.contains(#""mType":"directory""#))
    #expect(json.contains(#""mLength":0,"mHumanReadableFileSize":"0B""#))
    #expect(json.contains(#""mMode":"drwxr-xr-x""#))
    #expect(json.contains(#""mLastModificationTimeMs":-1,"#))
    #expect(json.contains(#""mInAlluxioPercentage":0,"mContentHash":"""#))
    var empty = JSONWriter()
    RESTJSON.status(
      FileStatus(
        ufsPath: "s3://bkt/e", kind: .file, length: 0, modificationTime: 0,
        version: FileVersion(token: "t", length: 0)), alluxioPath: "/e", residentBytes: 0,
      to: &empty)
    #expect(String(decoding: empty.bytes, as: UTF8.self).contains(#""mInAlluxioPercentage":100"#))
  }

  @Test("the small bodies are what clients parse")
  func writesSmallBodies() {
    #expect(
      String(decoding: RESTJSON.node(host: "10.0.0.5", port: 28080), as: UTF8.self)
        == #"{"Host":"10.0.0.5","HttpServerPort":28080}"#)
    #expect(
      String(decoding: RESTJSON.success, as: UTF8.self) == #"{"success":true,"message":""}"#)
    #expect(
      String(decoding: RESTJSON.message("no \"x\""), as: UTF8.self) == #"{"message":"no \"x\""}"#)
  }
}
