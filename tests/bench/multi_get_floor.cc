#include "tests/bench/multi_get_floor.h"

#include <rocksdb/db.h>
#include <unistd.h>

#include <chrono>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/config/configuration.h"
#include "storage/files/files.h"
#include "storage/store/database_options.h"
#include "tests/bench/process_usage.h"

namespace cloister::bench {
namespace {

using Clock = std::chrono::steady_clock;

absl::Status ToStatus(const rocksdb::Status& status) {
  return status.ok() ? absl::OkStatus() : absl::InternalError(status.ToString());
}

// The database takes the names that it is given away from their owner: these are links.
absl::StatusOr<std::vector<std::string>> Linked(const std::vector<std::string>& packs,
                                                const std::string& directory) {
  std::vector<std::string> links;
  for (const std::string& pack : packs) {
    links.push_back(absl::StrCat(directory, "/pack-", links.size(), ".sst"));
    if (link(pack.c_str(), links.back().c_str()) != 0) {
      return absl::InternalError("cannot link " + links.back());
    }
  }
  return links;
}

class OpenedFloor final : public MultiGetFloor {
 public:
  absl::Status Open(const std::string& directory, const std::vector<std::string>& packs) {
    if (absl::Status s = storage::MakeDirectories(directory); !s.ok()) return s;
    const auto links = Linked(packs, directory);
    if (!links.ok()) return links.status();
    const rocksdb::Options options(
        storage::DatabaseOptions(),
        storage::FeedOptions(rocksdb::NewLRUCache(server::StorageConfig().block_cache_bytes)));
    rocksdb::DB* db = nullptr;
    const auto opened = rocksdb::DB::Open(options, directory + "/database", &db);
    if (!opened.ok()) return ToStatus(opened);
    db_.reset(db);
    rocksdb::IngestExternalFileOptions ingest;
    ingest.move_files = true;
    ingest.write_global_seqno = false;
    return ToStatus(db_->IngestExternalFile(*links, ingest));
  }

  absl::StatusOr<LoadResult> Drive(const LoadOptions& options,
                                   const MultiGetWorkload& workload) const override {
    const size_t batch = workload.keys_per_request;
    const size_t batches = workload.keys.size() / batch;
    if (batches == 0) return absl::InvalidArgumentError("a workload needs keys");
    LoadResult result;
    UsageMeter usage(0);
    const Clock::time_point from = Clock::now() + absl::ToChronoNanoseconds(options.warm_up);
    const Clock::time_point end = from + absl::ToChronoNanoseconds(options.duration);
    uint64_t found = 0;
    Clock::time_point before = Clock::now();
    for (uint64_t i = options.first_request; before < end; ++i) {
      const auto hits = Ask(&workload.keys[i % batches * batch], batch);
      if (!hits.ok()) return hits.status();
      const Clock::time_point now = Clock::now();
      if (before >= from) {
        if (result.calls++ == 0) usage.Start();
        result.latency.Add(static_cast<uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(now - before).count()));
        result.seconds += std::chrono::duration<double>(now - before).count();
        found += *hits;
      }
      before = now;
    }
    if (result.calls == 0) return absl::DeadlineExceededError("no MultiGet in the time given");
    usage.Stop();
    result.client_cpu_s = usage.client_s();
    const double rate = static_cast<double>(found) / static_cast<double>(result.calls * batch);
    if (std::abs(rate - workload.hit_rate) <= 0.08) return result;
    return absl::InternalError(absl::StrCat("MultiGet found ", rate, " of the keys"));
  }

 private:
  // How many of the keys are there.
  absl::StatusOr<uint64_t> Ask(const reputation::LookupKey* keys, size_t count) const {
    std::vector<rocksdb::Slice> slices(count);
    std::vector<rocksdb::PinnableSlice> values(count);
    std::vector<rocksdb::Status> statuses(count);
    for (size_t i = 0; i < count; ++i) {
      slices[i] = rocksdb::Slice(keys[i].bytes().data(), keys[i].bytes().size());
    }
    db_->MultiGet(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), count, slices.data(),
                  values.data(), statuses.data());
    uint64_t found = 0;
    for (const rocksdb::Status& status : statuses) {
      if (!status.ok() && !status.IsNotFound()) return ToStatus(status);
      found += status.ok();
    }
    return found;
  }

  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace

MultiGetWorkload MakeMultiGetWorkload(const KeyChoice& choice, const WorkloadSize& size) {
  MultiGetWorkload workload;
  workload.keys_per_request = size.keys_per_request;
  workload.hit_rate = choice.options().hit_rate;
  workload.keys.reserve(size.keys);
  for (uint64_t i = 0; i < size.keys; ++i) {
    workload.keys.push_back(reputation::LookupKey::ForFile(choice.At(i)));
  }
  return workload;
}

absl::StatusOr<std::unique_ptr<MultiGetFloor>> MultiGetFloor::Open(
    const std::string& directory, const std::vector<std::string>& packs) {
  auto floor = std::make_unique<OpenedFloor>();
  if (absl::Status s = floor->Open(directory, packs); !s.ok()) return s;
  return floor;
}

}  // namespace cloister::bench
