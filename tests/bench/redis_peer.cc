#include "tests/bench/redis_peer.h"

#include <hiredis/hiredis.h>

#include <chrono>
#include <cmath>
#include <deque>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "tests/bench/process_usage.h"

namespace cloister::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr absl::Duration kStartTimeout = absl::Seconds(60);
constexpr uint64_t kFillAhead = 1000;  // commands

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

void AppendWord(absl::string_view word, std::string* command) {
  absl::StrAppend(command, "$", word.size(), "\r\n", word, "\r\n");
}

std::string Command(const std::vector<absl::string_view>& words) {
  std::string command = absl::StrCat("*", words.size(), "\r\n");
  for (const absl::string_view word : words) AppendWord(word, &command);
  return command;
}

std::string MGet(const KeyChoice& choice, uint64_t first, uint32_t keys) {
  std::string command = absl::StrCat("*", keys + 1, "\r\n");
  AppendWord("MGET", &command);
  for (uint32_t i = 0; i < keys; ++i) {
    AppendWord(reputation::LookupKey::ForFile(choice.At(first + i)).bytes(), &command);
  }
  return command;
}

absl::Status Append(redisContext* context, const std::string& command) {
  if (redisAppendFormattedCommand(context, command.data(), command.size()) == REDIS_OK) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat("redis-server: ", context->errstr));
}

absl::StatusOr<Reply> NextReply(redisContext* context) {
  void* reply = nullptr;
  if (redisGetReply(context, &reply) != REDIS_OK || reply == nullptr) {
    return absl::UnavailableError(absl::StrCat("redis-server: ", context->errstr));
  }
  Reply owned(static_cast<redisReply*>(reply));
  if (owned->type != REDIS_REPLY_ERROR) return owned;
  return absl::InternalError(absl::StrCat("redis-server: ", owned->str));
}

uint64_t Found(const redisReply& reply) {
  uint64_t found = 0;
  for (size_t i = 0; i < reply.elements; ++i) found += reply.element[i]->type == REDIS_REPLY_STRING;
  return found;
}

// A run: commands are sent as replies come in.
class Pipeline {
 public:
  Pipeline(redisContext* context, pid_t server, const LoadOptions& options,
           const RedisWorkload& workload)
      : context_(context),
        options_(options),
        workload_(workload),
        next_(options.first_request),
        usage_(server) {}

  absl::StatusOr<LoadResult> Run() {
    const Clock::time_point start = Clock::now();
    from_ = start + absl::ToChronoNanoseconds(options_.warm_up);
    end_ = from_ + absl::ToChronoNanoseconds(options_.duration);
    absl::Status status;
    for (uint32_t i = 0; i < workload_.outstanding && status.ok(); ++i) status = Send();
    while (status.ok() && !sent_.empty()) status = Receive();
    if (!status.ok()) return status;
    if (result_.calls == 0) return absl::DeadlineExceededError("no reply in the time given");
    const double keys = static_cast<double>(result_.calls * workload_.keys_per_request);
    if (std::abs(static_cast<double>(found_) / keys - workload_.hit_rate) > 0.08) {
      return absl::InternalError(absl::StrCat(workload_.name, ": Redis has another hit rate"));
    }
    result_.client_cpu_s = usage_.client_s();
    result_.server_cpu_s = usage_.server_s();
    return std::move(result_);
  }

 private:
  absl::Status Send() {
    sent_.push_back(Clock::now());
    return Append(context_, workload_.commands[next_++ % workload_.commands.size()]);
  }

  absl::Status Receive() {
    const auto reply = NextReply(context_);
    if (!reply.ok()) return reply.status();
    const Clock::time_point now = Clock::now();
    const Clock::time_point sent = sent_.front();
    sent_.pop_front();
    if (now >= end_) {
      if (result_.seconds == 0) Finish();
      return absl::OkStatus();
    }
    if (now >= from_) {
      if (result_.calls++ == 0) usage_.Start();
      last_ = now;
      const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - sent);
      result_.latency.Add(static_cast<uint64_t>(took.count()));
      found_ += Found(**reply);
    }
    return Send();
  }

  void Finish() {
    usage_.Stop();
    result_.seconds = std::chrono::duration<double>(last_ - from_).count();
  }

  redisContext* const context_;
  const LoadOptions& options_;
  const RedisWorkload& workload_;
  uint64_t next_;
  uint64_t found_ = 0;
  UsageMeter usage_;
  std::deque<Clock::time_point> sent_;
  Clock::time_point from_, end_, last_;
  LoadResult result_;
};

}  // namespace

RedisWorkload MakeRedisWorkload(const KeyChoice& choice, const WorkloadSize& size) {
  RedisWorkload workload;
  workload.name = absl::StrCat("MGET of ", size.keys_per_request);
  workload.keys_per_request = size.keys_per_request;
  workload.outstanding = size.outstanding;
  workload.hit_rate = choice.options().hit_rate;
  for (uint64_t i = 0; i + size.keys_per_request <= size.keys; i += size.keys_per_request) {
    workload.commands.push_back(MGet(choice, i, size.keys_per_request));
  }
  return workload;
}

absl::StatusOr<std::unique_ptr<RedisPeer>> RedisPeer::Start() {
  std::unique_ptr<RedisPeer> peer(new RedisPeer());
  const std::string socket = peer->directory_ / "redis.sock";
  auto process = testing::Process::Start(
      {.argv = {"redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly",
                "no", "--dir", peer->directory_.path()}});
  if (!process.ok()) return process.status();
  peer->process_ = *std::move(process);
  absl::Status ready = peer->process_->WaitForText("eady to accept connections", kStartTimeout);
  if (!ready.ok()) return ready;
  peer->context_ = redisConnectUnix(socket.c_str());
  if (peer->context_ == nullptr || peer->context_->err != 0) {
    return absl::UnavailableError("cannot connect to redis-server on " + socket);
  }
  return peer;
}

RedisPeer::~RedisPeer() {
  if (context_ != nullptr) redisFree(context_);
}

absl::Status RedisPeer::Fill(const Digests& listed) {
  reputation::Record record;
  record.verdict = reputation::Verdict::kMalicious;
  record.confidence = 90;
  record.label_id = 1;
  record.last_seen_days = 20000;
  std::string value;
  if (absl::Status s = reputation::EncodeRecord(record, &value); !s.ok()) return s;
  uint64_t replies = 0;
  for (uint64_t i = 0; replies < listed.count();) {
    if (i < listed.count() && i < replies + kFillAhead) {
      const auto key = reputation::LookupKey::ForFile(listed.At(i++));
      if (absl::Status s = Append(context_, Command({"SET", key.bytes(), value})); !s.ok()) {
        return s;
      }
      continue;
    }
    for (const uint64_t sent = i; replies < sent; ++replies) {
      if (const auto reply = NextReply(context_); !reply.ok()) return reply.status();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadResult> RedisPeer::Drive(const LoadOptions& options,
                                            const RedisWorkload& workload) {
  if (workload.commands.empty() || workload.outstanding == 0) {
    return absl::InvalidArgumentError("a workload needs commands");
  }
  return Pipeline(context_, process_->pid(), options, workload).Run();
}

absl::StatusOr<std::string> RedisPeer::Info(const std::string& section, const std::string& field) {
  if (absl::Status s = Append(context_, Command({"INFO", section})); !s.ok()) return s;
  const auto reply = NextReply(context_);
  if (!reply.ok()) return reply.status();
  const std::string text((*reply)->str, (*reply)->len);
  const size_t at = text.find(field + ":");
  if (at == std::string::npos) return absl::NotFoundError("redis-server states no " + field);
  const size_t begin = at + field.size() + 1;
  return text.substr(begin, text.find('\r', begin) - begin);
}

absl::StatusOr<uint64_t> RedisPeer::ResidentBytes() {
  const auto text = Info("memory", "used_memory_rss");
  if (!text.ok()) return text.status();
  uint64_t bytes = 0;
  if (!absl::SimpleAtoi(*text, &bytes)) return absl::InternalError("redis-server: " + *text);
  return bytes;
}

absl::StatusOr<std::string> RedisPeer::Version() { return Info("server", "redis_version"); }

}  // namespace cloister::bench
