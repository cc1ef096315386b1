// A web server on 127.0.0.1 that answers as a test says, byte by byte, also in ways that no real
// server should.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/support/certificates.h"

namespace cloister::testing {

class ScriptedWebServer {
 public:
  // The connection that one request came over.
  class Connection {
   public:
    virtual ~Connection() = default;
    // False once the client is gone.
    virtual bool Send(absl::string_view bytes) = 0;
    // Waits until the client closes its side or the server ends; false after `timeout`.
    virtual bool WaitForClose(absl::Duration timeout) = 0;

    // The head of the request that is being answered.
    virtual const std::string& request() const = 0;

    // A whole answer. `extra_headers` each end with CR LF.
    void Answer(int code, absl::string_view body, absl::string_view extra_headers = "");

    // As servers do that know ranges: 206 for "Range: bytes=N-", 416 where that lies behind the
    // end, 200 with all of it otherwise.
    void AnswerFile(absl::string_view bytes);
  };

  // Called for each request on a thread of its connection. Returns whether to keep that open.
  using Handler = std::function<bool(const std::string& path, Connection& connection)>;

  // With certificates it speaks TLS; with the certificate of an authority besides, only to clients
  // that this one vouches for. Aborts the test program on failure.
  explicit ScriptedWebServer(Handler handler, const CertificateFiles* certificates = nullptr,
                             const std::string& client_authority = "");
  ~ScriptedWebServer();

  // "https://127.0.0.1:12345/feeds/"; handlers see paths from "/feeds/" on.
  std::string url() const;

  // Heads of all requests so far, as received.
  std::vector<std::string> requests() const;
  // Waits until there are `count` of them; false after `timeout`.
  bool WaitForRequests(size_t count, absl::Duration timeout) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloister::testing
