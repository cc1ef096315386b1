#include "tests/bench/appliance.h"

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "cloister/v1/reputation.pb.h"
#include "storage/files/files.h"
#include "tests/bench/workloads.h"

namespace cloister::bench {
namespace {

constexpr char kFeed[] = "bench";
constexpr absl::Duration kServeTimeout = absl::Minutes(30);
// How often to ask whether data serves: rarely enough not to weigh on what is measured.
constexpr absl::Duration kAskInterval = absl::Milliseconds(5);

}  // namespace

absl::StatusOr<std::unique_ptr<Appliance>> Appliance::Create(const std::string& program,
                                                             const std::string& directory) {
  std::unique_ptr<Appliance> appliance(new Appliance(program, directory));
  const std::string certificates = directory + "/certificates";
  if (absl::Status s = storage::MakeDirectories(certificates); !s.ok()) return s;
  appliance->tls_ = MakeTlsFiles(certificates);
  auto feed = FeedBuilder::Create(directory + "/feed", directory + "/spool", kFeed);
  if (!feed.ok()) return feed.status();
  appliance->feed_ = *std::move(feed);
  return appliance;
}

Listening Appliance::ListeningAt(const std::string& socket) const {
  return {.transport = transport_, .socket = sockets_ / socket, .tls = tls_};
}

absl::Status Appliance::Start(Transport transport) {
  if (server_ != nullptr) {
    if (absl::Status s = Stop(); !s.ok()) return s;
  }
  transport_ = transport;
  auto server = ServerProcess::StartCloisterd({.program = program_,
                                               .directory = directory_ + "/server",
                                               .spool_directory = directory_ + "/spool",
                                               .feed = kFeed,
                                               .root = feed_->RootPath(),
                                               .listening = ListeningAt("cloisterd")});
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return absl::OkStatus();
}

absl::Status Appliance::Stop() {
  const absl::Status stopped = server_->Stop();
  server_ = nullptr;
  return stopped;
}

absl::Status Appliance::WaitUntilListed(const reputation::Digest& digest) const {
  const absl::Time deadline = absl::Now() + kServeTimeout;
  while (absl::Now() < deadline) {
    const auto bytes =
        CallOnce(server_->target(), kLookupMethod, UnaryRequest(digest), absl::Seconds(10));
    if (!bytes.ok()) return bytes.status();
    v1::LookupResponse answer;
    if (answer.ParseFromString(*bytes) && answer.status() == v1::ANSWER_STATUS_LISTED) {
      return absl::OkStatus();
    }
    absl::Notification never;
    never.WaitForNotificationWithTimeout(kAskInterval);
  }
  return absl::DeadlineExceededError("the server does not serve what was handed over");
}

absl::StatusOr<double> Appliance::TimeToLive(const reputation::Digest& digest) {
  const absl::Time start = absl::Now();
  if (absl::Status s = feed_->HandOver(); !s.ok()) return s;
  if (absl::Status s = WaitUntilListed(digest); !s.ok()) return s;
  return absl::ToDoubleSeconds(absl::Now() - start);
}

absl::StatusOr<std::unique_ptr<ServerProcess>> Appliance::StartEcho(
    const std::vector<std::string>& answers, bool batch) const {
  return ServerProcess::StartEcho({.directory = directory_,
                                   .answers = answers,
                                   .batch = batch,
                                   .listening = ListeningAt("echo")});
}

}  // namespace cloister::bench
