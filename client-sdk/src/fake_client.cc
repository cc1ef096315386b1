#include "cloister/fake_client.h"

#include <map>
#include <mutex>
#include <utility>

namespace cloister {

struct FakeClient::Script {
  using Key = std::pair<ObjectKind, std::string>;

  Answer Ask(const Object& object) {
    asked.push_back(object);
    const auto found = answers.find(Key(object.kind, object.text));
    return found == answers.end() ? default_answer : found->second;
  }

  std::mutex mutex;  // guards everything below
  std::map<Key, Answer> answers;
  Answer default_answer = NotListed();
  std::vector<Object> asked;
};

FakeClient::FakeClient() : script_(std::make_unique<Script>()) {}
FakeClient::~FakeClient() = default;

void FakeClient::SetAnswer(const Object& object, const Answer& answer) {
  const std::lock_guard lock(script_->mutex);
  script_->answers[{object.kind, object.text}] = answer;
}

void FakeClient::SetDefaultAnswer(const Answer& answer) {
  const std::lock_guard lock(script_->mutex);
  script_->default_answer = answer;
}

std::vector<Object> FakeClient::asked() const {
  const std::lock_guard lock(script_->mutex);
  return script_->asked;
}

Answer FakeClient::Listed(Verdict verdict, const std::string& threat_name) {
  Match match;
  match.verdict = verdict;
  match.threat_name = threat_name;
  match.layer = Layer::kFeed;
  match.feed = "fake";
  match.feed_version = 1;
  Answer answer;
  answer.status = AnswerStatus::kListed;
  answer.matches.push_back(std::move(match));
  return answer;
}

Answer FakeClient::NotListed() {
  Answer answer;
  answer.status = AnswerStatus::kNotListed;
  return answer;
}

Answer FakeClient::Failed(ErrorKind error, const std::string& message) {
  Answer answer;
  answer.status = AnswerStatus::kError;
  answer.error = error;
  answer.error_message = message;
  return answer;
}

Answer FakeClient::Lookup(const Object& object, const LookupOptions&) noexcept {
  const std::lock_guard lock(script_->mutex);
  return script_->Ask(object);
}

std::vector<Answer> FakeClient::BatchLookup(const std::vector<Object>& objects,
                                            const LookupOptions&) noexcept {
  const std::lock_guard lock(script_->mutex);
  std::vector<Answer> answers;
  answers.reserve(objects.size());
  for (const Object& object : objects) answers.push_back(script_->Ask(object));
  return answers;
}

std::vector<Answer> FakeClient::BatchLookupSha256(std::span<const Sha256> digests,
                                                  const LookupOptions& options) noexcept {
  constexpr char kDigits[] = "0123456789abcdef";
  std::vector<Object> objects;
  for (const Sha256& digest : digests) {
    std::string hex;
    for (const uint8_t byte : digest) {
      hex.push_back(kDigits[byte >> 4]);
      hex.push_back(kDigits[byte & 15]);
    }
    objects.push_back(Object::File(std::move(hex)));
  }
  return BatchLookup(objects, options);
}

}  // namespace cloister
