#include "server/daemon/daemon.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "server/admin/admin_service.h"
#include "server/admin/bundle_inbox.h"
#include "server/admin/feed_info.h"
#include "server/auth/authorizer.h"
#include "server/auth/tls_credentials.h"
#include "server/daemon/grpc_log.h"
#include "server/daemon/listen_address.h"
#include "server/daemon/transport.h"
#include "server/daemon/update_reporter.h"
#include "server/lookup/lookup_service.h"
#include "server/metrics/exporter.h"
#include "server/metrics/feed_metrics.h"
#include "server/metrics/process_metrics.h"
#include "server/updates/feed_updates.h"
#include "storage/files/files.h"
#include "storage/store/reputation_store.h"

namespace cloister::server {
namespace {

constexpr char kLookupServiceName[] = "cloister.v1.ReputationService";

std::vector<std::string> FeedNames(const Configuration& config) {
  std::vector<std::string> names;
  for (const FeedConfig& feed : config.feeds) names.push_back(feed.name);
  return names;
}

}  // namespace

struct Daemon::Parts {
  Parts(const Configuration& configuration, const EventLog* event_log,
        std::function<absl::Time()> time)
      : config(configuration),
        log(event_log),
        clock(std::move(time)),
        started_at(clock()),
        reports(FeedNames(config)),
        grpc_log(log),
        authorizer(config.listen.mutual_tls ? Authorizer(config.identities, config.file)
                                            : Authorizer::TrustEveryone()),
        registry(std::make_shared<prometheus::Registry>()),
        lookup_metrics(std::make_shared<LookupMetrics>()),
        update_metrics(registry.get(), FeedNames(config)) {}
  ~Parts();

  absl::Status OpenStore();
  absl::Status Protect();
  absl::Status OpenFeeds();
  absl::Status OpenInbox();
  absl::Status ServeMetrics();
  absl::Status ServeGrpc();
  void WatchSpool();
  void UpdateHealth();
  void Drain(absl::Duration deadline);

  const Configuration config;
  const EventLog* const log;
  const std::function<absl::Time()> clock;
  const absl::Time started_at;
  Addresses addresses;
  FeedReports reports;
  GrpcLog grpc_log;
  const Authorizer authorizer;
  std::shared_ptr<prometheus::Registry> registry;
  std::shared_ptr<LookupMetrics> lookup_metrics;
  UpdateMetrics update_metrics;
  std::unique_ptr<storage::ReputationStore> store;
  std::unique_ptr<ProtectedObjects> protection;
  uint64_t passed_over = 0;  // entries of warning lists
  std::unique_ptr<UpdateReporter> reporter;
  std::unique_ptr<FeedUpdates> updates;
  std::unique_ptr<BundleInbox> inbox;  // null: no bundles are taken
  std::unique_ptr<Answerer> answerer;
  std::unique_ptr<MetricsExporter> exporter;
  std::unique_ptr<LookupService> lookup_service;
  std::unique_ptr<AdminService> admin_service;
  std::unique_ptr<grpc::Server> server;
  // The server's; calls may ask for it before `server` is set.
  std::atomic<grpc::HealthCheckServiceInterface*> health{nullptr};
  std::atomic<bool> draining{false};
};

absl::Status Daemon::Parts::OpenStore() {
  if (absl::Status s = storage::MakeDirectories(config.data_directory); !s.ok()) {
    return absl::Status(s.code(), absl::StrCat(s.message(), "; set data_directory in ", config.file,
                                               " to a folder that this user may write to"));
  }
  storage::ReputationStore::Options options;
  options.directory = config.data_directory;
  options.feeds = FeedNames(config);
  options.block_cache_bytes = config.storage.block_cache_bytes;
  options.kept_versions = config.storage.kept_versions;
  options.reserve_bytes = config.storage.reserve_bytes;
  absl::StatusOr<std::unique_ptr<storage::ReputationStore>> opened =
      storage::ReputationStore::Open(options);
  if (!opened.ok()) return opened.status();
  store = *std::move(opened);
  return absl::OkStatus();
}

absl::Status Daemon::Parts::Protect() {
  absl::StatusOr<std::unique_ptr<ProtectedObjects>> built =
      BuildProtectedObjects(config.protection, &passed_over);
  if (!built.ok()) return built.status();
  protection = *std::move(built);
  answerer = std::make_unique<Answerer>(
      store.get(), Answerer::Options{.feeds = config.feeds,
                                     .answers = config.answers,
                                     .max_batch_keys = config.limits.max_batch_keys,
                                     .protection = protection.get()});
  return absl::OkStatus();
}

absl::Status Daemon::Parts::OpenFeeds() {
  reporter = std::make_unique<UpdateReporter>(
      UpdateReporter::Options{.log = log,
                              .metrics = &update_metrics,
                              .reports = &reports,
                              .clock = clock,
                              .on_serving = [this] { UpdateHealth(); }});
  absl::StatusOr<std::unique_ptr<FeedUpdates>> opened =
      FeedUpdates::Create({.configuration = &config,
                           .store = store.get(),
                           .protection = protection.get(),
                           .observer = reporter.get(),
                           .reports = &reports,
                           .clock = clock});
  if (!opened.ok()) return opened.status();
  updates = *std::move(opened);
  return absl::OkStatus();
}

absl::Status Daemon::Parts::OpenInbox() {
  if (config.updates.inbox_directory.empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<BundleInbox>> opened =
      BundleInbox::Open({.directory = config.updates.inbox_directory,
                         .spool_directory = config.spool_directory,
                         .max_bundle_bytes = config.updates.max_bundle_bytes,
                         .reserve_bytes = config.storage.reserve_bytes});
  if (!opened.ok()) return opened.status();
  inbox = *std::move(opened);
  return absl::OkStatus();
}

absl::Status Daemon::Parts::ServeMetrics() {
  if (config.metrics_address.empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<MetricsExporter>> started = MetricsExporter::Start(
      config.metrics_address,
      {registry, lookup_metrics,
       std::make_shared<FeedMetrics>(store.get(), &reports, config.tls.certificate, clock),
       std::make_shared<ProcessMetrics>(started_at)});
  if (!started.ok()) return started.status();
  exporter = *std::move(started);
  addresses.metrics = exporter->address();
  return absl::OkStatus();
}

absl::Status Daemon::Parts::ServeGrpc() {
  lookup_service =
      std::make_unique<LookupService>(answerer.get(), &authorizer, lookup_metrics.get(), clock);
  admin_service =
      std::make_unique<AdminService>(AdminService::Options{.store = store.get(),
                                                           .updates = updates.get(),
                                                           .inbox = inbox.get(),
                                                           .answerer = answerer.get(),
                                                           .authorizer = &authorizer,
                                                           .reports = &reports,
                                                           .configuration = &config,
                                                           .metrics_address = addresses.metrics,
                                                           .started_at = started_at,
                                                           .clock = clock});
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetUpTransport(config.limits, &builder);
  int port = 0;
  builder.AddListeningPort(config.listen.address,
                           config.listen.mutual_tls ? MutualTlsCredentials(config.tls)
                                                    : grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(lookup_service.get());
  builder.RegisterService(admin_service.get());
  server = builder.BuildAndStart();
  if (!server || port == 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "cannot listen on ", config.listen.address,
        " ([listen] address); set [log] level = \"debug\" in ", config.file, " to see why"));
  }
  if (absl::StartsWith(config.listen.address, "unix:")) {
    addresses.grpc = config.listen.address;
    // Who may connect is who may enter the folder and is in the socket's group.
    chmod(config.listen.address.c_str() + sizeof("unix:") - 1, 0660);
  } else {
    const std::string& address = config.listen.address;
    addresses.grpc = absl::StrCat(address.substr(0, address.rfind(':')), ":", port);
  }
  health = server->GetHealthCheckService();
  UpdateHealth();
  return absl::OkStatus();
}

void Daemon::Parts::UpdateHealth() {
  grpc::HealthCheckServiceInterface* told = health;
  if (draining || told == nullptr) return;
  told->SetServingStatus("", true);
  told->SetServingStatus(kLookupServiceName, AllFeedsServe(*store->Current()));
}

void Daemon::Parts::WatchSpool() {
  if (access(config.spool_directory.c_str(), R_OK | X_OK) != 0) {
    log->Write(EventLog::Level::kWarning, "no updates",
               {{"spool_directory", config.spool_directory},
                {"cause", strerror(errno)},
                {"mend", "let cloister-sync write there, and cloisterd read; it is looked for"}});
  }
  log->Write(EventLog::Level::kInfo, "protected objects",
             {{"objects", absl::StrCat(protection->size())},
              {"warning_list_entries_passed_over", absl::StrCat(passed_over)}});
  updates->Start();
}

void Daemon::Parts::Drain(absl::Duration deadline) {
  if (!server || draining.exchange(true)) return;
  server->GetHealthCheckService()->Shutdown();  // for good: an import just ending cannot undo it
  updates->Stop();
  server->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(deadline));
  server->Wait();
}

Daemon::Parts::~Parts() {
  Drain(absl::ZeroDuration());
  exporter.reset();  // its sources read the store
}

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Daemon::~Daemon() = default;

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(const Configuration& configuration,
                                                      const EventLog* log,
                                                      std::function<absl::Time()> clock) {
  if (absl::Status s = CheckListenAddress(configuration.listen.address); !s.ok()) return s;
  if (configuration.listen.mutual_tls) {
    if (absl::Status s = CheckTlsFiles(configuration.tls, clock()); !s.ok()) return s;
  }
  auto parts = std::make_unique<Parts>(configuration, log, std::move(clock));
  if (absl::Status s = parts->OpenStore(); !s.ok()) return s;
  if (absl::Status s = parts->Protect(); !s.ok()) return s;
  if (absl::Status s = parts->OpenFeeds(); !s.ok()) return s;
  if (absl::Status s = parts->OpenInbox(); !s.ok()) return s;
  if (absl::Status s = parts->ServeMetrics(); !s.ok()) return s;
  if (absl::Status s = parts->ServeGrpc(); !s.ok()) return s;
  parts->WatchSpool();
  return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

const Daemon::Addresses& Daemon::addresses() const { return parts_->addresses; }

void Daemon::Drain(absl::Duration deadline) { parts_->Drain(deadline); }

}  // namespace cloister::server
