// The library that gateways ask with.
//
//   cloister::ClientOptions options;
//   options.servers = {"reputation.example.net:7447"};
//   options.tls = {"ca.pem", "gateway.pem", "gateway.key", ""};
//   std::string error;
//   std::unique_ptr<cloister::Client> client = cloister::Client::Create(options, &error);
//   if (client == nullptr) …
//   cloister::Answer answer = client->Lookup(cloister::Object::Url("http://example.com/x"));
//   if (answer.verdict() == cloister::Verdict::kMalicious) …
//
// "Nothing known" is an answer (AnswerStatus::kNotListed), a failed lookup another (kError):
// which of them lets a mail pass is the gateway's policy, never this library's.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cloister/answer.h"
#include "cloister/client_options.h"
#include "cloister/object.h"

namespace cloister {

using Sha256 = std::array<uint8_t, 32>;

// Thread-safety: all methods may be called from any number of threads at once. Destroy a client
// only after every call has returned.
//
// No method throws, and each returns by its deadline, whatever the network and the server do: the
// deadline covers connecting, sending, waiting and the other servers. Calls block; a lookup that
// failed is not repeated, except once where the connection died under it, and on the next server
// of the list.
//
// A class to derive from for tests; cloister/fake_client.h is one such.
class Client {
 public:
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Reads the certificates; does not connect yet, so the server need not run. The caller owns the
  // client. Returns nullptr if the options cannot be used, with what is wrong and what to do in
  // `*error`, which must not be null.
  static std::unique_ptr<Client> Create(const ClientOptions& options, std::string* error) noexcept;

  // Asks about one object and returns every record that matches it, the winner first.
  virtual Answer Lookup(const Object& object, const LookupOptions& options = {}) noexcept = 0;

  // Asks about many: one answer for each object, in their order. Objects are made canonical and
  // hashed here, so the server sees hashes (of IP addresses: the addresses) only. Split into as
  // many calls as the server's limits need, one after the other; when the deadline passes, the
  // answers still missing are kError. An object that cannot be understood is kError and does not
  // disturb the others. Empty only if `objects` is, or memory is exhausted.
  virtual std::vector<Answer> BatchLookup(const std::vector<Object>& objects,
                                          const LookupOptions& options = {}) noexcept = 0;

  // BatchLookup for files whose digest is in hand: nothing is parsed, and Answer::canonical and
  // Match::matched_expression stay empty. `digests` is borrowed for the call.
  virtual std::vector<Answer> BatchLookupSha256(std::span<const Sha256> digests,
                                                const LookupOptions& options = {}) noexcept = 0;

 protected:
  Client() = default;
};

}  // namespace cloister
