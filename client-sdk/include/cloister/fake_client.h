// A client for tests of gateways: it answers from a script and never connects.
//
//   cloister::FakeClient client;
//   client.SetAnswer(Object::Url("http://bad.example/"), FakeClient::Listed(Verdict::kMalicious));
//   EXPECT_TRUE(MyGateway(&client).Refuses(mail));

#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cloister/client.h"

namespace cloister {

// Thread-safe.
class FakeClient : public Client {
 public:
  FakeClient();
  ~FakeClient() override;

  // Answers `answer` to lookups of exactly this object (kind and text, as the caller writes them).
  void SetAnswer(const Object& object, const Answer& answer);

  // Answers `answer` to every other lookup; kNotListed at first.
  void SetDefaultAnswer(const Answer& answer);

  // Every object asked about up to now, in order, batches included.
  std::vector<Object> asked() const;

  // LISTED by feed "fake" version 1.
  static Answer Listed(Verdict verdict, const std::string& threat_name = "");
  static Answer NotListed();
  static Answer Failed(ErrorKind error, const std::string& message = "");

  Answer Lookup(const Object& object, const LookupOptions& options = {}) noexcept override;
  std::vector<Answer> BatchLookup(const std::vector<Object>& objects,
                                  const LookupOptions& options = {}) noexcept override;
  // A digest is asked about as Object::File with lower-case digits.
  std::vector<Answer> BatchLookupSha256(std::span<const Sha256> digests,
                                        const LookupOptions& options = {}) noexcept override;

 private:
  struct Script;
  std::unique_ptr<Script> script_;
};

}  // namespace cloister
