#include "server/admin/long_calls.h"

#include <utility>

namespace cloister::server {

LongCalls::LongCalls(size_t threads, size_t max_waiting) : max_waiting_(max_waiting) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

LongCalls::~LongCalls() {
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

bool LongCalls::Run(std::function<void()> call) {
  absl::MutexLock lock(&mutex_);
  if (ending_ || waiting_.size() >= max_waiting_) return false;
  waiting_.push_back(std::move(call));
  return true;
}

void LongCalls::Work() {
  while (true) {
    std::function<void()> call;
    {
      absl::MutexLock lock(&mutex_);
      const auto something = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return ending_ || !waiting_.empty();
      };
      mutex_.Await(absl::Condition(&something));
      if (waiting_.empty()) return;
      call = std::move(waiting_.front());
      waiting_.pop_front();
    }
    call();
  }
}

absl::Status TooManyLongCalls() {
  return absl::ResourceExhaustedError("too many calls that take long are waiting; ask again later");
}

bool BusyNames::Enter(absl::string_view name) {
  absl::MutexLock lock(&mutex_);
  return names_.emplace(name).second;
}

void BusyNames::Leave(absl::string_view name) {
  absl::MutexLock lock(&mutex_);
  names_.erase(std::string(name));
}

}  // namespace cloister::server
