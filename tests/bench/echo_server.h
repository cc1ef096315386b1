// The floor: a gRPC server with the same API and the same answers that does no work.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/transport.h"

namespace cloister::bench {

// Answers each call with the next of the given answers, through gRPC's completion queues: parse
// the request, serialise an answer, nothing else. Serves until destroyed.
class EchoServer {
 public:
  struct Options {
    std::string address = "127.0.0.1:0";         // or "unix:/path"
    std::optional<TlsFiles> tls = std::nullopt;  // otherwise plaintext
    uint32_t threads = 2;                        // each with a queue of its own
    std::vector<std::string> answers;            // serialised
    bool batch = false;                          // answers are of BatchLookup rather than of Lookup
  };

  // InvalidArgument if an answer cannot be parsed or there is none.
  static absl::StatusOr<std::unique_ptr<EchoServer>> Start(const Options& options);
  virtual ~EchoServer() = default;

  // With the port that the kernel chose, where there is one.
  virtual const std::string& address() const = 0;
};

}  // namespace cloister::bench
