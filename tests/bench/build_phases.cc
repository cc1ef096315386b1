#include "tests/bench/build_phases.h"

#include <rocksdb/env.h>
#include <rocksdb/sst_file_writer.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "storage/pack/content_digest.h"
#include "storage/pack/pack_format.h"
#include "sync/feeds/feed_reader.h"
#include "sync/feeds/feed_report.h"
#include "sync/feeds/feed_source.h"
#include "sync/feeds/line_reader.h"
#include "sync/publisher/repository/entry_sorter.h"
#include "sync/publisher/repository/version_packs.h"

namespace cloister::bench {
namespace {

double Now(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// What `whole` takes beyond its `part`, measured apart: never nothing, whatever the noise.
double Beyond(double whole, double part) { return std::max(whole - part, 1e-9); }

// Counts from where it is made.
class Stopwatch {
 public:
  double processor() const { return Now(CLOCK_PROCESS_CPUTIME_ID) - processor_; }
  double wall() const { return Now(CLOCK_MONOTONIC) - wall_; }

 private:
  double processor_ = Now(CLOCK_PROCESS_CPUTIME_ID);
  double wall_ = Now(CLOCK_MONOTONIC);
};

absl::StatusOr<double> ReadLines(const std::string& path) {
  const Stopwatch watch;
  absl::StatusOr<std::unique_ptr<feeds::ByteSource>> bytes = feeds::OpenByteSource(path);
  if (!bytes.ok()) return bytes.status();
  feeds::LineReader lines(*std::move(bytes));
  while (lines.Next()) {
  }
  return lines.status().ok() ? absl::StatusOr<double>(watch.processor()) : lines.status();
}

absl::StatusOr<double> ReadFeed(const FeedText& text, const std::string& path,
                                const feeds::EntrySink& sink) {
  const Stopwatch watch;
  auto reader = feeds::NewFeedReader(text.format, {});
  if (!reader.ok()) return reader.status();
  feeds::FeedReport report(path);
  absl::Status read = (*reader)->Read(feeds::FeedSource(path), sink, &report);
  if (!read.ok()) return read;
  if (report.rejected() == 0) return watch.processor();
  return absl::InternalError(absl::StrCat(path, ": ", report.rejected(), " lines were rejected"));
}

template <typename Take>
absl::StatusOr<double> Walk(const publisher::SortedEntries& entries, const Take& take) {
  const Stopwatch watch;
  const std::unique_ptr<storage::EntryCursor> cursor = entries.NewCursor();
  for (; cursor->Valid(); cursor->Next()) take(cursor->key(), cursor->value());
  if (!cursor->status().ok()) return cursor->status();
  return watch.processor();
}

absl::StatusOr<double> WriteBareTable(const publisher::SortedEntries& entries,
                                      const std::string& path) {
  const rocksdb::Options options = storage::PackWriteOptions();
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options);
  rocksdb::Status status = writer.Open(path);
  const auto slice = [](absl::string_view bytes) {
    return rocksdb::Slice(bytes.data(), bytes.size());
  };
  const Stopwatch watch;
  const absl::StatusOr<double> walked =
      Walk(entries, [&](absl::string_view key, absl::string_view value) {
        if (status.ok()) status = writer.Put(slice(key), slice(value));
      });
  if (!walked.ok()) return walked.status();
  if (status.ok()) status = writer.Finish();
  if (!status.ok()) return absl::InternalError(status.ToString());
  const double seconds = watch.processor();
  unlink(path.c_str());
  return seconds;
}

// What is done with the merged entries; sets what belongs to it.
absl::Status MeasureWriting(const publisher::SortedEntries& entries, const std::string& directory,
                            BuildPhases* phases) {
  const auto walked = Walk(entries, [](absl::string_view, absl::string_view) {});
  storage::ContentDigest digest;
  const auto digested =
      Walk(entries, [&digest](absl::string_view k, absl::string_view v) { digest.Add(k, v); });
  const auto bare = WriteBareTable(entries, absl::StrCat(directory, "/bare.sst"));
  for (const auto& measured : {walked, digested, bare}) {
    if (!measured.ok()) return measured.status();
  }
  phases->walk = *walked;
  phases->digest = Beyond(*digested, *walked);
  phases->sst = Beyond(*bare, *walked);

  const Stopwatch watch;
  publisher::PackOptions options;
  options.feed = "bench";
  options.directory = directory;
  options.to_version = 1;
  const auto packs = publisher::WriteSnapshot(entries, options);
  if (!packs.ok()) return packs.status();
  phases->write = watch.processor();
  phases->write_waits = Beyond(watch.wall(), phases->write);
  const Stopwatch hashing;
  for (const trust::PackTarget& pack : packs->packs) {
    const std::string path = absl::StrCat(directory, "/", pack.path);
    if (const auto hash = storage::Sha256OfFile(path); !hash.ok()) return hash.status();
    unlink(path.c_str());
  }
  phases->hash = hashing.processor();
  return packs->digest == digest ? absl::OkStatus() : absl::InternalError("two digests differ");
}

}  // namespace

absl::StatusOr<BuildPhases> MeasurePhases(const FeedText& text, const std::string& path,
                                          const std::string& directory) {
  BuildPhases phases;
  const auto lines = ReadLines(path);
  if (!lines.ok()) return lines.status();
  phases.lines = *lines;
  const auto parsed =
      ReadFeed(text, path, [](const feeds::FeedEntry&) { return absl::OkStatus(); });
  if (!parsed.ok()) return parsed.status();
  phases.parse = *parsed;

  publisher::EntrySorter sorter({.directory = directory});
  const uint16_t source = sorter.AddSource(path, 0);
  const auto sorted = ReadFeed(
      text, path, [&](const feeds::FeedEntry& entry) { return sorter.Add(entry, source); });
  if (!sorted.ok()) return sorted.status();
  phases.sort = Beyond(*sorted, *parsed);

  const Stopwatch watch;
  const auto entries = sorter.Finish();
  if (!entries.ok()) return entries.status();
  phases.merge = watch.processor();
  absl::Status written = MeasureWriting(**entries, directory, &phases);
  if (!written.ok()) return written;
  return phases;
}

}  // namespace cloister::bench
