#include "tests/bench/echo_server.h"

#include <grpcpp/grpcpp.h>

#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "cloister/v1/reputation.grpc.pb.h"
#include "server/auth/tls_credentials.h"

namespace cloister::bench {
namespace {

using Service = v1::ReputationService::AsyncService;

constexpr int kWaitingCalls = 64;  // accepted ahead on each queue

// The product's own.
std::shared_ptr<grpc::ServerCredentials> Credentials(const EchoServer::Options& options) {
  if (!options.tls) return grpc::InsecureServerCredentials();
  return server::MutualTlsCredentials({.certificate = options.tls->server.certificate,
                                       .key = options.tls->server.key,
                                       .client_ca = options.tls->authority});
}

// What the two methods differ in.
struct LookupMethod {
  using Request = v1::LookupRequest;
  using Response = v1::LookupResponse;
  static constexpr auto kAccept = &Service::RequestLookup;
};
struct BatchLookupMethod {
  using Request = v1::BatchLookupRequest;
  using Response = v1::BatchLookupResponse;
  static constexpr auto kAccept = &Service::RequestBatchLookup;
};

template <typename Method>
class Echo final : public EchoServer {
 public:
  Echo() = default;

  ~Echo() override {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    for (auto& lane : lanes_) {
      const std::lock_guard<std::mutex> lock(lane->mutex);
      lane->closed = true;  // nothing may be started on a queue that is shut down
      lane->queue->Shutdown();
    }
    for (auto& lane : lanes_) lane->thread.join();
  }

  absl::Status Start(const Options& options) {
    for (const std::string& bytes : options.answers) {
      if (!answers_.emplace_back().ParseFromString(bytes)) {
        return absl::InvalidArgumentError("an answer to echo cannot be parsed");
      }
    }
    if (answers_.empty()) return absl::InvalidArgumentError("no answers to echo");
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(options.address, Credentials(options), &port);
    builder.SetMaxReceiveMessageSize(64 << 20);
    builder.RegisterService(&service_);
    for (uint32_t i = 0; i < options.threads; ++i) {
      lanes_.push_back(std::make_unique<Lane>());
      lanes_.back()->queue = builder.AddCompletionQueue();
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::UnavailableError("cannot listen on " + options.address);
    address_ = options.address;
    if (!absl::StartsWith(address_, "unix:")) {
      address_ = address_.substr(0, address_.rfind(':') + 1) + std::to_string(port);
    }
    for (auto& lane : lanes_) {
      lane->thread = std::thread([this, lane = lane.get()] { Serve(lane); });
    }
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }

 private:
  struct Call {
    grpc::ServerContext context;
    typename Method::Request request;
    grpc::ServerAsyncResponseWriter<typename Method::Response> writer{&context};
    bool answered = false;
  };

  // A queue and the thread that serves it.
  struct Lane {
    std::mutex mutex;
    bool closed = false;
    std::unique_ptr<grpc::ServerCompletionQueue> queue;
    std::thread thread;
  };

  void Accept(grpc::ServerCompletionQueue* queue) {
    auto* call = new Call;
    (service_.*Method::kAccept)(&call->context, &call->request, &call->writer, queue, queue, call);
  }

  void Serve(Lane* lane) {
    {
      const std::lock_guard<std::mutex> lock(lane->mutex);
      for (int i = 0; i < kWaitingCalls && !lane->closed; ++i) Accept(lane->queue.get());
    }
    size_t next = 0;
    void* tag = nullptr;
    bool ok = false;
    while (lane->queue->Next(&tag, &ok)) {
      Call* call = static_cast<Call*>(tag);
      const std::lock_guard<std::mutex> lock(lane->mutex);
      if (!ok || call->answered || lane->closed) {
        delete call;
        continue;
      }
      Accept(lane->queue.get());
      call->answered = true;
      call->writer.Finish(answers_[next++ % answers_.size()], grpc::Status::OK, call);
    }
  }

  Service service_;
  std::vector<typename Method::Response> answers_;
  std::string address_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<grpc::Server> server_;
};

template <typename Method>
absl::StatusOr<std::unique_ptr<EchoServer>> StartEcho(const EchoServer::Options& options) {
  auto echo = std::make_unique<Echo<Method>>();
  if (absl::Status s = echo->Start(options); !s.ok()) return s;
  return echo;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EchoServer>> EchoServer::Start(const Options& options) {
  return options.batch ? StartEcho<BatchLookupMethod>(options) : StartEcho<LookupMethod>(options);
}

}  // namespace cloister::bench
