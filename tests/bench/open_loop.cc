#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "tests/bench/load_driver.h"
#include "tests/bench/process_usage.h"

namespace cloister::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Time for the first calls to be sent on schedule.
constexpr std::chrono::milliseconds kLead(5);

struct Call {
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer answer;
  grpc::Status status;
  Clock::time_point scheduled;
};

// Clock is CLOCK_MONOTONIC, in nanoseconds since its epoch.
void SleepUntil(Clock::time_point time) {
  const auto nanoseconds = time.time_since_epoch().count();
  const timespec until = {static_cast<time_t>(nanoseconds / 1'000'000'000),
                          static_cast<long>(nanoseconds % 1'000'000'000)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

uint64_t MicrosSince(Clock::time_point time) {
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - time);
  return static_cast<uint64_t>(std::max<int64_t>(passed.count(), 0));
}

// A thread sends by the schedule; the one that runs it receives.
class OpenLoop {
 public:
  OpenLoop(const LoadOptions& options, const Workload& workload, double rate)
      : options_(options),
        workload_(workload),
        rate_(rate),
        channel_(NewConnection(options.target)),
        stub_(channel_),
        total_(Calls(options.warm_up + options.duration)),
        uncounted_(Calls(options.warm_up)),
        usage_(options.target.pid) {}

  absl::StatusOr<LoadResult> Run() {
    if (total_ <= uncounted_) return absl::InvalidArgumentError("not one call at this rate");
    const auto patience = std::chrono::system_clock::now() + std::chrono::seconds(30);
    if (!channel_->WaitForConnected(patience)) {
      return absl::UnavailableError("cannot connect to " + options_.target.address);
    }
    start_ = Clock::now() + kLead;
    std::thread sender([this] { Send(); });
    Receive();
    sender.join();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) delete static_cast<Call*>(tag);
    if (!status_.ok()) return status_;
    usage_.Stop();
    result_.seconds = std::chrono::duration<double>(last_ - Scheduled(uncounted_)).count();
    result_.lateness = lateness_;
    result_.client_cpu_s = usage_.client_s();
    result_.server_cpu_s = usage_.server_s();
    return std::move(result_);
  }

 private:
  uint64_t Calls(absl::Duration duration) const {
    return static_cast<uint64_t>(std::floor(absl::ToDoubleSeconds(duration) * rate_));
  }

  Clock::time_point Scheduled(uint64_t index) const {
    return start_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(static_cast<double>(index) / rate_));
  }

  const std::string& Request(uint64_t index) const {
    return workload_.requests[(options_.first_request + index) % workload_.requests.size()];
  }

  void Send() {
    prctl(PR_SET_TIMERSLACK, 1);  // nanosecond; otherwise every sleep may last 50 us longer
    for (uint64_t i = 0; i < total_ && !failed_; ++i) {
      const Clock::time_point scheduled = Scheduled(i);
      if (Clock::now() < scheduled) SleepUntil(scheduled);
      if (i >= uncounted_) lateness_.Add(MicrosSince(scheduled));
      auto* call = new Call;
      call->scheduled = scheduled;
      call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
      call->reader =
          stub_.PrepareUnaryCall(&call->context, workload_.method, ToBuffer(Request(i)), &queue_);
      call->reader->StartCall();
      call->reader->Finish(&call->answer, &call->status, call);
    }
  }

  // Ends with the answer to the last call, or with the first error.
  void Receive() {
    void* tag = nullptr;
    bool ok = false;
    for (uint64_t received = 0; received < total_ && queue_.Next(&tag, &ok); ++received) {
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      if (!call->status.ok()) {
        status_ = ToStatus(call->status);
        failed_ = true;
        return;
      }
      if (call->scheduled >= Scheduled(uncounted_)) Count(*call);
    }
  }

  void Count(const Call& call) {
    if (result_.calls++ == 0) usage_.Start();
    last_ = Clock::now();
    result_.latency.Add(MicrosSince(call.scheduled));
  }

  const LoadOptions& options_;
  const Workload& workload_;
  const double rate_;
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  const uint64_t total_;
  const uint64_t uncounted_;  // of the warm-up
  grpc::CompletionQueue queue_;
  UsageMeter usage_;
  Clock::time_point start_, last_;
  Histogram lateness_;  // the sender's
  std::atomic<bool> failed_ = false;
  absl::Status status_;
  LoadResult result_;
};

}  // namespace

absl::StatusOr<LoadResult> DriveAtRate(const LoadOptions& options, const Workload& workload,
                                       double rate) {
  if (workload.requests.empty() || !(rate > 0)) {
    return absl::InvalidArgumentError("an open loop needs requests and a rate");
  }
  return OpenLoop(options, workload, rate).Run();
}

}  // namespace cloister::bench
