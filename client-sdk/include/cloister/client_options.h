// How a client reaches its server, and how much it waits and takes. Values only.

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "cloister/object.h"

namespace cloister {

// Paths of PEM files. The server knows its clients by their certificates, and grants roles to them.
struct TlsFiles {
  std::string ca;           // whom the server's certificate must come from
  std::string certificate;  // this client's own
  std::string key;          // its private key, not protected by a passphrase

  // The name to expect in the server's certificate, where it is not the one in the target (unix
  // sockets are taken for "localhost"). Empty: the target's.
  std::string server_name;
};

struct ClientOptions {
  // Targets, "host:port", "[IPv6]:port" or "unix:/path": at least one. The first that can be
  // reached answers; the others are asked in order when it cannot, each with an equal share of the
  // time that is left.
  std::vector<std::string> servers;

  TlsFiles tls;

  // Speaks without encryption and without a certificate; `tls` is then ignored. Only for loopback
  // addresses and unix sockets.
  bool plaintext = false;

  // For lookups that state none. 1 ms to 24 h.
  std::chrono::milliseconds default_deadline{2000};

  // Larger answers are refused as ErrorKind::kOverloaded.
  size_t max_answer_bytes = 64 << 20;

  // Lookup keys in one call, 255 to 100 000; a batch with more is split. Lower it to the limit of
  // a server that takes fewer.
  size_t max_keys_per_call = 100'000;
};

struct LookupOptions {
  // From the call to its return. Zero: the client's default. More than 24 h is taken as 24 h.
  std::chrono::milliseconds deadline{0};

  Context context = Context::kAny;
};

}  // namespace cloister
