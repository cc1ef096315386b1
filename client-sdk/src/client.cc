#include "cloister/client.h"

#include <exception>
#include <utility>

#include "client-sdk/src/connection.h"
#include "client-sdk/src/decode.h"
#include "client-sdk/src/key_batch.h"
#include "reputation/object.h"

namespace cloister {
namespace {

using client::Connection;
using client::Deadline;
using client::FailedAnswer;
using client::Failure;
using client::KeyBatch;

// Objects made canonical between two looks at the clock.
constexpr size_t kObjectsPerLook = 64;

absl::StatusOr<reputation::Object> Parse(const Object& object) {
  return reputation::Object::Parse(static_cast<reputation::ObjectKind>(object.kind), object.text);
}

Failure NotUnderstood(const absl::Status& status) {
  return {ErrorKind::kInvalidArgument, std::string(status.message())};
}

Failure TooLate() { return {ErrorKind::kDeadlineExceeded, "not asked before the deadline"}; }

// Whether the calls that would follow in the same batch are of no use either.
bool EndsBatch(const Failure& failure) {
  return failure.kind == ErrorKind::kDeadlineExceeded || failure.kind == ErrorKind::kUnavailable ||
         failure.kind == ErrorKind::kPermissionDenied;
}

// The answers of one BatchLookup while they come in. An answer that is kError without a kind of
// error is still missing.
class Batch {
 public:
  Batch(Connection* connection, const ClientOptions& options, const Deadline& deadline,
        Context context, size_t objects)
      : connection_(connection),
        deadline_(deadline),
        keys_(options.max_keys_per_call, context),
        answers_(objects) {}

  std::vector<Answer> AskAll(const std::vector<Object>& objects) {
    const client::ExpressionOf expression_of = [&objects](size_t index, uint32_t key) {
      const auto object = Parse(objects[index]);
      if (!object.ok()) return std::string();
      const reputation::LookupKeys keys = object->Keys(/*with_expressions=*/true);
      const bool told =
          key < keys.keys.size() && keys.keys[key].kind() != reputation::ObjectKind::kIp;
      return told ? keys.expressions[key] : std::string();
    };
    for (size_t i = 0; i < objects.size() && failure_.ok(); ++i) {
      if (i % kObjectsPerLook == 0 && deadline_.passed()) failure_ = TooLate();
      Add(objects[i], i, expression_of);
    }
    return Finish(expression_of);
  }

  std::vector<Answer> AskAll(std::span<const Sha256> digests) {
    const client::ExpressionOf expression_of = [](size_t, uint32_t) { return std::string(); };
    for (size_t i = 0; i < digests.size() && failure_.ok(); ++i) {
      if (keys_.full()) Send(expression_of);
      keys_.AddSha256(digests[i].data(), i);
    }
    return Finish(expression_of);
  }

 private:
  void Add(const Object& object, size_t index, const client::ExpressionOf& expression_of) {
    const auto parsed = Parse(object);
    if (!parsed.ok()) {
      answers_[index] = FailedAnswer(NotUnderstood(parsed.status()));
      return;
    }
    answers_[index].canonical = parsed->ToString();
    const reputation::LookupKeys keys = parsed->Keys(/*with_expressions=*/false);
    if (!keys_.Fits(keys)) Send(expression_of);
    if (!keys.keys.empty()) {
      keys_.Add(keys, index);
    } else {
      answers_[index].status = AnswerStatus::kNotListed;
    }
  }

  void Send(const client::ExpressionOf& expression_of) {
    if (!failure_.ok() || keys_.empty()) return;
    v1::BatchLookupResponse response;
    Failure failure = connection_->BatchLookup(deadline_, keys_.Request(), &response);
    if (failure.ok()) {
      failure = client::DecodeBatch(response, keys_.asked(), expression_of, &answers_);
    }
    if (!failure.ok()) {
      for (const KeyBatch::Asked& asked : keys_.asked()) Fail(failure, &answers_[asked.index]);
      if (EndsBatch(failure)) failure_ = failure;
    }
    keys_.Clear();
  }

  std::vector<Answer> Finish(const client::ExpressionOf& expression_of) {
    Send(expression_of);
    for (Answer& answer : answers_) {
      if (answer.status == AnswerStatus::kError && answer.error == ErrorKind::kNone) {
        Fail(failure_, &answer);
      }
    }
    return std::move(answers_);
  }

  static void Fail(const Failure& failure, Answer* answer) {
    std::string canonical = std::move(answer->canonical);
    *answer = FailedAnswer(failure);
    answer->canonical = std::move(canonical);
  }

  Connection* const connection_;
  const Deadline deadline_;
  KeyBatch keys_;
  std::vector<Answer> answers_;
  Failure failure_;  // that ends the batch
};

class RemoteClient : public Client {
 public:
  RemoteClient(ClientOptions options, std::unique_ptr<Connection> connection)
      : options_(std::move(options)), connection_(std::move(connection)) {}

  Answer Lookup(const Object& object, const LookupOptions& options) noexcept override try {
    const Deadline deadline = DeadlineOf(options);
    // Asked about here too, so that the same text fails the same way with and without a server.
    const auto parsed = Parse(object);
    if (!parsed.ok()) return FailedAnswer(NotUnderstood(parsed.status()));
    v1::LookupRequest request;
    request.mutable_object()->set_kind(static_cast<v1::ObjectKind>(object.kind));
    request.mutable_object()->set_text(object.text);
    request.set_context(static_cast<v1::LookupContext>(options.context));
    v1::LookupResponse response;
    const Failure failure = connection_->Lookup(deadline, request, &response);
    if (!failure.ok()) return FailedAnswer(failure);
    return client::DecodeLookup(response);
  } catch (const std::exception&) {
    return OutOfMemory();
  }

  std::vector<Answer> BatchLookup(const std::vector<Object>& objects,
                                  const LookupOptions& options) noexcept override {
    return Ask(objects, options);
  }

  std::vector<Answer> BatchLookupSha256(std::span<const Sha256> digests,
                                        const LookupOptions& options) noexcept override {
    return Ask(digests, options);
  }

 private:
  Deadline DeadlineOf(const LookupOptions& options) const {
    return Deadline::In(options.deadline.count() == 0 ? options_.default_deadline
                                                      : options.deadline);
  }

  template <typename Objects>
  std::vector<Answer> Ask(const Objects& objects, const LookupOptions& options) noexcept try {
    const Deadline deadline = DeadlineOf(options);
    return Batch(connection_.get(), options_, deadline, options.context, objects.size())
        .AskAll(objects);
  } catch (const std::exception&) {
    return {};
  }

  static Answer OutOfMemory() {
    Answer answer;
    answer.error = ErrorKind::kInternal;
    return answer;
  }

  const ClientOptions options_;
  const std::unique_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<Client> Client::Create(const ClientOptions& options, std::string* error) noexcept
    try {
  auto connection = Connection::Create(options);
  if (!connection.ok()) {
    *error = std::string(connection.status().message());
    return nullptr;
  }
  return std::make_unique<RemoteClient>(options, *std::move(connection));
} catch (const std::exception&) {
  return nullptr;
}

}  // namespace cloister
