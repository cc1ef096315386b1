#include "tests/bench/load_driver.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "absl/status/status.h"
#include "tests/bench/process_usage.h"

namespace cloister::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kKeptAnswers = 1024;

// A call in flight; used again for the next one.
struct Call {
  grpc::GenericStub* stub = nullptr;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer answer;
  grpc::Status status;
  Clock::time_point sent;
};

class Driver {
 public:
  Driver(const LoadOptions& options, const Workload& workload)
      : options_(options),
        workload_(workload),
        next_(options.first_request),
        usage_(options.target.pid) {
    for (uint32_t i = 0; i < std::max(options.connections, 1u); ++i) {
      stubs_.push_back(std::make_unique<grpc::GenericStub>(NewConnection(options.target)));
    }
    calls_.resize(workload.outstanding);
    for (size_t i = 0; i < calls_.size(); ++i) calls_[i].stub = stubs_[i % stubs_.size()].get();
  }

  absl::StatusOr<LoadResult> Run() {
    const Clock::time_point start = Clock::now();
    measure_from_ = start + absl::ToChronoNanoseconds(options_.warm_up);
    end_ = measure_from_ + absl::ToChronoNanoseconds(options_.duration);
    for (Call& call : calls_) Send(&call);

    size_t in_flight = calls_.size();
    void* tag = nullptr;
    bool ok = false;
    while (in_flight > 0 && queue_.Next(&tag, &ok)) {
      if (Receive(static_cast<Call*>(tag))) {
        Send(static_cast<Call*>(tag));
      } else {
        --in_flight;
      }
    }
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) {
    }
    if (!status_.ok()) return status_;
    if (result_.calls == 0) return absl::DeadlineExceededError("no call ended in the time given");
    result_.seconds = std::chrono::duration<double>(last_ - measure_from_).count();
    result_.client_cpu_s = usage_.client_s();
    result_.server_cpu_s = usage_.server_s();
    return std::move(result_);
  }

 private:
  void Send(Call* call) {
    call->context = std::make_unique<grpc::ClientContext>();
    call->context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    call->answer.Clear();
    call->sent = Clock::now();
    const grpc::ByteBuffer request =
        ToBuffer(workload_.requests[next_++ % workload_.requests.size()]);
    call->reader =
        call->stub->PrepareUnaryCall(call->context.get(), workload_.method, request, &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->answer, &call->status, call);
  }

  // Counts an answer; whether another call follows it.
  bool Receive(Call* call) {
    const Clock::time_point now = Clock::now();
    if (!call->status.ok() && status_.ok()) status_ = ToStatus(call->status);
    if (!status_.ok()) return false;
    if (now >= measure_from_) Count(*call, now);
    return now < end_;
  }

  void Count(const Call& call, Clock::time_point now) {
    if (!measuring_ && now < end_) {
      usage_.Start();
      measuring_ = true;
    }
    if (now < end_) {
      ++result_.calls;
      last_ = now;
      const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - call.sent);
      result_.latency.Add(static_cast<uint64_t>(took.count()));
    } else if (measuring_) {
      usage_.Stop();
      measuring_ = false;
    }
    if (result_.answers.size() < kKeptAnswers) result_.answers.push_back(ToBytes(call.answer));
  }

  const LoadOptions& options_;
  const Workload& workload_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  grpc::CompletionQueue queue_;
  std::vector<Call> calls_;
  uint64_t next_;
  UsageMeter usage_;
  bool measuring_ = false;
  Clock::time_point measure_from_, end_, last_;
  absl::Status status_;
  LoadResult result_;
};

}  // namespace

absl::StatusOr<LoadResult> DriveLoad(const LoadOptions& options, const Workload& workload) {
  if (workload.requests.empty() || workload.outstanding == 0) {
    return absl::InvalidArgumentError("a workload needs requests and calls in flight");
  }
  return Driver(options, workload).Run();
}

}  // namespace cloister::bench
