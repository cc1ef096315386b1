#include "tests/bench/lookup_bench.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/bench/workloads.h"

namespace cloister::bench {
namespace {

constexpr uint64_t kKeySeed = 0x6d6561737572;
constexpr double kOpenLoopShares[] = {0.5, 0.8};
constexpr double kPercentiles[] = {0.5, 0.9, 0.99, 0.999};

// The first two of all contenders.
constexpr size_t kEcho = 0;
constexpr size_t kProduct = 1;

using Figure = std::function<double(const LoadResult&)>;

double ServerMicros(const LoadResult& run) {
  return run.server_cpu_s * 1e6 / static_cast<double>(run.calls);
}

double ClientMicros(const LoadResult& run) {
  return run.client_cpu_s * 1e6 / static_cast<double>(run.calls);
}

std::string PercentileName(double fraction) {
  return fraction == 0.5 ? "median" : absl::StrCat(fraction * 100, "th percentile");
}

std::string NameOf(const LookupCase& which, const Workload& workload) {
  if (which.transport == Transport::kTcp) return workload.name;
  return absl::StrCat(workload.name, ", ", TransportName(which.transport));
}

}  // namespace

// What a case is measured with.
struct LookupBench::Running {
  LookupCase which;
  Workload workload;
  RedisWorkload redis;
  MultiGetWorkload multi_get;
  std::unique_ptr<ServerProcess> echo;
};

absl::Status LookupBench::Run() {
  if (absl::Status s = StartPeers(); !s.ok()) return s;
  Transport transport = Transport::kTcp;
  bool any = false;
  for (const LookupCase& which : LookupCases(options_.quick)) {
    const auto name =
        absl::StrCat(MethodTitle(which.keys_per_request), ", ", TransportName(which.transport),
                     ", ", which.hit_rate * 100, " %, ", SpreadingName(which.spreading));
    if (!absl::StrContains(name, options_.only)) continue;
    any = true;
    if (which.transport != transport) {
      if (absl::Status s = appliance_.Start(which.transport); !s.ok()) return s;
      transport = which.transport;
    }
    if (absl::Status s = Measure(which); !s.ok()) {
      return absl::Status(s.code(), absl::StrCat(name, ": ", s.message()));
    }
  }
  redis_ = nullptr;
  if (!any) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no lookup's name holds \"", options_.only,
        "\"; names are like \"BatchLookup of 1000, TCP, 5 %, uniform\" and \"Lookup, mTLS, 5 %\""));
  }
  return transport == Transport::kTcp ? absl::OkStatus() : appliance_.Start(Transport::kTcp);
}

absl::Status LookupBench::StartPeers() {
  auto floor =
      MultiGetFloor::Open(options_.directory + "/work/multi-get", appliance_.feed().PackPaths());
  if (!floor.ok()) return floor.status();
  multi_get_ = *std::move(floor);
  return StartRedis();
}

absl::Status LookupBench::StartRedis() {
  if (options_.records > kMaxRedisRecords) {
    printf("Redis: skipped, more than %llu records\n",
           static_cast<unsigned long long>(kMaxRedisRecords));
    return absl::OkStatus();
  }
  auto redis = RedisPeer::Start();
  if (absl::IsNotFound(redis.status())) {
    printf("Redis: skipped, there is no redis-server here (Debian: redis-server)\n");
    return absl::OkStatus();
  }
  if (!redis.ok()) return redis.status();
  redis_ = *std::move(redis);
  if (absl::Status s = redis_->Fill(listed_); !s.ok()) return s;
  const auto bytes = redis_->ResidentBytes();
  const auto version = redis_->Version();
  if (!bytes.ok()) return bytes.status();
  if (!version.ok()) return version.status();
  report_.Describe("redis", {{"version", *version}});
  report_.Add({.name = "Redis: resident memory a record",
               .value = static_cast<double>(*bytes) / static_cast<double>(options_.records),
               .unit = "B"});
  return absl::OkStatus();
}

TurnOptions LookupBench::Turns() const {
  return {
      .rounds = options_.rounds, .warm_up = options_.duration / 5, .duration = options_.duration};
}

absl::StatusOr<std::vector<std::string>> LookupBench::SampleAnswers(const Workload& workload) {
  LoadOptions load;
  load.target = appliance_.server().target();
  load.duration = options_.duration;
  auto sample = DriveLoad(load, workload);
  if (!sample.ok()) return sample.status();
  if (absl::Status s = CheckHitRate(workload, HitRate(workload, sample->answers)); !s.ok()) {
    return s;
  }
  return std::move(sample->answers);
}

absl::Status LookupBench::Measure(const LookupCase& which) {
  Running running;
  running.which = which;
  const KeyChoice choice({listed_, which.hit_rate, which.spreading, kKeySeed});
  const WorkloadSize size{options_.asked_keys, which.keys_per_request, which.outstanding()};
  running.workload = MakeWorkload(choice, size);
  running.workload.name = NameOf(which, running.workload);
  const bool batch = which.keys_per_request > 1;
  if (batch && redis_ != nullptr) running.redis = MakeRedisWorkload(choice, size);
  if (batch) running.multi_get = MakeMultiGetWorkload(choice, size);
  const auto answers = SampleAnswers(running.workload);
  if (!answers.ok()) return answers.status();
  auto echo = appliance_.StartEcho(*answers, batch);
  if (!echo.ok()) return echo.status();
  running.echo = *std::move(echo);

  const std::vector<Contender> contenders = Contenders(running);
  const auto runs = RunByTurns(contenders, Turns());
  if (!runs.ok()) return runs.status();
  Tell(running, contenders, *runs);
  if (!which.open_loop) return absl::OkStatus();
  return MeasureOpenLoop(running, Median(Figures((*runs)[kProduct], &LoadResult::CallsPerSecond)));
}

std::vector<Contender> LookupBench::Contenders(const Running& running) const {
  const auto over_grpc = [&running](const Target& target) {
    return [&running, target](LoadOptions options) {
      options.target = target;
      return DriveLoad(options, running.workload);
    };
  };
  std::vector<Contender> contenders = {{"echo", over_grpc(running.echo->target())},
                                       {"cloisterd", over_grpc(appliance_.server().target())}};
  if (running.which.keys_per_request == 1) return contenders;
  if (redis_ != nullptr) {
    contenders.push_back({"Redis", [this, &running](const LoadOptions& options) {
                            return redis_->Drive(options, running.redis);
                          }});
  }
  contenders.push_back({"RocksDB alone", [this, &running](const LoadOptions& options) {
                          return multi_get_->Drive(options, running.multi_get);
                        }});
  return contenders;
}

void LookupBench::Tell(const Running& running, const std::vector<Contender>& contenders,
                       const std::vector<std::vector<LoadResult>>& runs) {
  const LookupCase& which = running.which;
  const double keys = which.keys_per_request;
  const auto rate = [keys](const LoadResult& run) { return run.CallsPerSecond() * keys / 1e3; };
  const auto tail = [](const LoadResult& run) {
    return static_cast<double>(run.latency.Percentile(0.99));
  };
  const auto add = [&](Row row, const Figure& figure, size_t floor) {
    SetRuns(Figures(runs[kProduct], figure), Figures(runs[floor], figure), &row);
    report_.Add(row);
  };
  const std::string& of = running.workload.name;
  add({.name = of, .unit = "k keys/s", .at_least = which.rate_at_least}, rate, kEcho);
  add({.name = "99th percentile", .unit = "us", .at_most = which.p99_at_most, .of = of}, tail,
      kEcho);
  add({.name = "server processor time a call", .unit = "us", .of = of}, ServerMicros, kEcho);
  add({.name = "client processor time a call", .unit = "us", .of = of}, ClientMicros, kEcho);
  for (size_t i = kProduct + 1; i < contenders.size(); ++i) {
    Row row{.name = "beside " + contenders[i].name, .unit = "k keys/s", .of = of};
    if (contenders[i].name == "Redis") row.at_least = which.redis_at_least;
    add(row, rate, i);
  }
  if (which.spreading != Spreading::kUniform || which.transport != Transport::kTcp) return;
  for (size_t i = 0; i < contenders.size(); ++i) {
    report_.AddPoint(MethodTitle(which.keys_per_request), contenders[i].name, which.hit_rate * 100,
                     Median(Figures(runs[i], rate)));
  }
}

absl::Status LookupBench::MeasureOpenLoop(const Running& running, double calls_per_second) {
  for (const double share : kOpenLoopShares) {
    if (absl::Status s = MeasureAtRate(running, share, share * calls_per_second); !s.ok()) {
      return s;
    }
  }
  return absl::OkStatus();
}

// Both at the same rate, a share of what the product does in a closed loop.
absl::Status LookupBench::MeasureAtRate(const Running& running, double share, double rate) {
  const auto at_rate = [&running, rate](const Target& target) {
    return [&running, rate, target](LoadOptions options) {
      options.target = target;
      return DriveAtRate(options, running.workload, rate);
    };
  };
  const std::vector<Contender> contenders = {{"echo", at_rate(running.echo->target())},
                                             {"cloisterd", at_rate(appliance_.server().target())}};
  const auto runs = RunByTurns(contenders, Turns());
  if (!runs.ok()) return runs.status();
  const std::string of =
      absl::StrCat(MethodTitle(running.which.keys_per_request), ", open loop at ",
                   std::lround(share * 100), " % (", std::lround(rate), " calls/s)");
  const auto add = [&](const std::string& name, const Figure& figure) {
    Row row{.name = name, .unit = "us", .of = of};
    SetRuns(Figures((*runs)[kProduct], figure), Figures((*runs)[kEcho], figure), &row);
    report_.Add(row);
  };
  for (const double percentile : kPercentiles) {
    add(PercentileName(percentile), [percentile](const LoadResult& run) {
      return static_cast<double>(run.latency.Percentile(percentile));
    });
  }
  // Whether it was the driver that could not keep up; below a microsecond is a microsecond.
  add("sent late by, 99th percentile", [](const LoadResult& run) {
    return std::max(1.0, static_cast<double>(run.lateness.Percentile(0.99)));
  });
  add("server processor time a call", ServerMicros);
  add("client processor time a call", ClientMicros);
  for (const size_t i : {kEcho, kProduct}) {
    Histogram all;
    for (const LoadResult& run : (*runs)[i]) all.Add(run.latency);
    for (double beyond = 1; beyond * static_cast<double>(all.count()) >= 1; beyond /= 1.25) {
      report_.AddPoint(of, contenders[i].name, 1 / beyond,
                       static_cast<double>(all.Percentile(1 - beyond)));
    }
  }
  return absl::OkStatus();
}

}  // namespace cloister::bench
