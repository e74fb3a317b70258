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
  /// Its process.
  package let process: ChildProcess
  private let scratch: ScratchDirectory

  /// Starts nginx over `folder` and waits until it answers.
  package init(folder: String, options: Options = Options()) throws(DriverError) {
    self.folder = folder
    scratch = try ScratchDirectory("nginx")
    port = try PortHolder().port
    try writeBytes(
      Array(Self.configuration(port, folder, scratch.path, options).utf8),
      to: scratch.path("nginx.conf"))
    let user = getuid() == 0 ? ["-g", "user root;"] : []
    do throws(DriverError) {
      process = try ChildProcess(
        ["nginx", "-e", scratch.path("error.log"), "-c", scratch.path("nginx.conf")] + user,
        output: scratch.path("out"), errors: scratch.path("out"))
    } catch {
      throw .program("\(error); scripts/install-deps test installs it")
    }
    for _ in 0..<2000 {
      if (try? HTTPConnection(port: port, seconds: 1)) != nil { return }
      guard process.wait(.milliseconds(5)) == nil else { break }
    }
    throw .program("nginx did not start: \((try? readText(scratch.path("out"))) ?? "")")
  }

  deinit { process.stop() }

  /// The module that `hidesDashes` needs; nil when it is not installed.
  package static let headersModule: String? = {
    let path = "/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so"
    return unsafe access(path, R_OK) == 0 ? path : nil
  }()

  private static func configuration(
    _ port: UInt16, _ folder: String, _ base: String, _ options: Options
  ) -> String {
    var tls = ""
    if let pair = options.certificate {
      tls = "ssl_certificate \(pair.certificate); ssl_certificate_key \(pair.key);"
      tls += " ssl_session_cache shared:s:1m; ssl_protocols TLSv1.2 TLSv1.3;"
    }
    if let authority = options.clientAuthority {
      tls += " ssl_verify_client on; ssl_client_certificate \(authority);"
    }
    var (module, tags, listing) = ("", "", "")
    if options.hidesDashes, let path = headersModule {
      module = "load_module \(path);"
      tags =
        "map $sent_http_etag $plain_etag { \"~^\\\"(?<a>[0-9a-f]+)-(?<b>[0-9a-f]+)\\\"$\" '\"$a$b\"';"
        + " default $sent_http_etag; } more_clear_input_headers If-Match;"
        + " more_set_headers \"ETag: $plain_etag\";"
    }
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
      \(module)
      worker_processes \(options.workers); daemon off; pid \(base)/pid; error_log \(base)/error.log;
      worker_rlimit_nofile 65536;
      events { worker_connections 16384; multi_accept on; }
      http {
        access_log off; keepalive_requests 1000000000; keepalive_timeout 600;
        default_type application/octet-stream; client_max_body_size 0;
        client_body_temp_path \(base)/body; proxy_temp_path \(base)/proxy;
        fastcgi_temp_path \(base)/fastcgi; uwsgi_temp_path \(base)/uwsgi; scgi_temp_path \(base)/scgi;
        \(options.settings)
        \(tags)
        server {
          listen 127.0.0.1:\(port) \(options.certificate == nil ? "" : "ssl ")backlog=4096;
          \(tls)
          root \(folder); etag on; max_ranges 1;
          \(errors.joined(separator: "\n    "))
          \(listing)
          # A folder is no object.
          location / { try_files $uri =404; }
        }
      }
      """
  }
}
