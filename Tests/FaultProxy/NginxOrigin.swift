// nginx as an origin over a folder: plain or TLS, the way an S3-compatible store answers GET and HEAD.

package import DaemonDriver
import Glibc

/// A running nginx on a free port; it ends with the value.
package final class NginxOrigin {
  /// How nginx is run.
  package struct Options: Sendable {
    /// The certificate for TLS; nil for plain HTTP.
    package var certificate: TestCertificates.Pair?
    /// The authority whose client certificates are demanded.
    package var clientAuthority: String?
    /// Worker processes.
    package var workers = 1
    /// Settings of the http block besides.
    package var settings = "sendfile on; tcp_nopush on;"

    /// Where requests for a bucket itself go, listings above all; nil: nginx answers them, which is of no use.
    package var listingPort: UInt16?
    /// Whether entity tags have no dash, which the AWS CRT client reads as a part count; If-Match is then not looked at.
    ///
    /// Needs nginx's module headers-more.
    package var hidesDashes = false

    /// Plain HTTP, one worker.
    package init() {}
  }

  /// Where it listens, on loopback.
  package let port: UInt16
  /// The folder whose files it serves: `/bucket/key` is `<folder>/bucket/key`.
  package let folder: String
  private let nginx: NginxProcess

  /// Starts nginx over `folder` and waits until it answers.
  package init(folder: String, options: Options = Options()) throws(DriverError) {
    self.folder = folder
    nginx = try NginxProcess(tuning: Self.tuning(options)) { ports, _ in
      Self.server(ports[0], folder, options)
    }
    port = nginx.ports[0]
  }

  /// The module that `hidesDashes` needs; nil when it is not installed.
  package static let headersModule: String? = {
    let path = "/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so"
    return unsafe access(path, R_OK) == 0 ? path : nil
  }()

  /// Many connections that stay, and tags that all clients understand.
  private static func tuning(_ options: Options) -> NginxProcess.Tuning {
    var tuning = NginxProcess.Tuning()
    tuning.main = "worker_processes \(options.workers); worker_rlimit_nofile 65536;"
    tuning.events = "worker_connections 16384; multi_accept on;"
    tuning.http = "keepalive_timeout 600; default_type application/octet-stream; "
    tuning.http += options.settings
    if options.hidesDashes, let path = headersModule {
      tuning.main = "load_module \(path); \(tuning.main)"
      tuning.http +=
        " map $sent_http_etag $plain_etag { \"~^\\\"(?<a>[0-9a-f]+)-(?<b>[0-9a-f]+)\\\"$\" '\"$a$b\"';"
        + " default $sent_http_etag; } more_clear_input_headers If-Match;"
        + " more_set_headers \"ETag: $plain_etag\";"
    }
    return tuning
  }

  private static func server(_ port: UInt16, _ folder: String, _ options: Options) -> String {
    var tls = ""
    if let pair = options.certificate {
      tls = "ssl_certificate \(pair.certificate); ssl_certificate_key \(pair.key);"
      tls += " ssl_session_cache shared:s:1m; ssl_protocols TLSv1.2 TLSv1.3;"
    }
    if let authority = options.clientAuthority {
      tls += " ssl_verify_client on; ssl_client_certificate \(authority);"
    }
    var listing = ""
    if let port = options.listingPort {
      listing =
        "location ~ ^/[^/]+/?$ { proxy_pass http://127.0.0.1:\(port); proxy_http_version 1.1;"
        + " proxy_set_header Connection \"\"; proxy_buffers 64 16k; }"
    }
    let errors = [(404, "NoSuchKey"), (412, "PreconditionFailed"), (416, "InvalidRange")].map {
      "error_page \($0) /__\($0).xml; location = /__\($0).xml { internal; "
        + "return \($0) '<?xml version=\"1.0\" encoding=\"UTF-8\"?>\\n<Error><Code>\($1)</Code></Error>'; }"
    }
    return """
      server {
        listen 127.0.0.1:\(port) \(options.certificate == nil ? "" : "ssl ")backlog=4096;
        \(tls)
        root \(folder); etag on; max_ranges 1;
        \(errors.joined(separator: "\n  "))
        \(listing)
        # A folder is no object.
        location / { try_files $uri =404; }
      }
      """
  }
}
