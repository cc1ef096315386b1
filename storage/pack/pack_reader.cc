#include "storage/pack/pack_reader.h"

#include <rocksdb/iterator.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>
#include <rocksdb/table_properties.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reputation/record.h"
#include "reputation/reject_reason.h"
#include "storage/pack/entry_checker.h"
#include "storage/pack/table_structure.h"

namespace cloister::storage {
namespace {

using reputation::Rejected;
using reputation::RejectReason;

constexpr size_t kReadAheadBytes = 2 << 20;
constexpr uint64_t kEntriesBetweenReports = 1 << 16;

absl::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::Status Unreadable(const std::string& path, const rocksdb::Status& status) {
  return Rejected(RejectReason::kPackUnreadable, absl::StrCat(path, ": ", status.ToString()));
}

absl::Status Foreign(const std::string& path, absl::string_view what) {
  return Rejected(RejectReason::kPackForeign,
                  absl::StrCat(path, " holds ", what, "; a pack holds plain entries only"));
}

absl::StatusOr<uint64_t> CheckedSize(const std::string& path, const PackLimits& limits) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    std::string message = absl::StrCat("cannot open ", path, ": ", strerror(errno));
    if (errno == ENOENT) return absl::NotFoundError(message);
    return Rejected(RejectReason::kIoError, message);
  }
  if (!S_ISREG(info.st_mode)) {
    return Rejected(RejectReason::kPackUnreadable, absl::StrCat(path, " is not a regular file"));
  }
  uint64_t size = static_cast<uint64_t>(info.st_size);
  if (size > limits.max_bytes) {
    return Rejected(RejectReason::kPackLimit, absl::StrCat(path, " has ", size, " bytes; at most ",
                                                           limits.max_bytes, " are allowed"));
  }
  return size;
}

// `refusal`, saying where.
absl::Status AtPlace(const absl::Status& refusal, absl::string_view place) {
  RejectReason reason = *reputation::ReasonOf(refusal);
  absl::string_view message = refusal.message();
  absl::ConsumePrefix(&message, absl::StrCat(reputation::RejectReasonName(reason), ": "));
  return Rejected(reason, absl::StrCat(place, ": ", message));
}

class PackCursor : public SeekableCursor {
 public:
  PackCursor(std::string path, std::unique_ptr<rocksdb::Iterator> iterator)
      : path_(std::move(path)), iterator_(std::move(iterator)) {
    iterator_->SeekToFirst();
    if (iterator_->Valid() && key() == EmptyPackKey()) {
      says_empty_ = true;
      iterator_->Next();
    }
  }

  // Whether the pack has the entry that stands for none.
  bool says_empty() const { return says_empty_; }

  bool Valid() const override { return iterator_->Valid(); }
  void Next() override { iterator_->Next(); }
  void Seek(absl::string_view key) override { iterator_->Seek({key.data(), key.size()}); }
  absl::string_view key() const override { return ToView(iterator_->key()); }
  absl::string_view value() const override { return ToView(iterator_->value()); }
  absl::Status status() const override {
    rocksdb::Status status = iterator_->status();
    return status.ok() ? absl::OkStatus() : Unreadable(path_, status);
  }

 private:
  const std::string path_;
  const std::unique_ptr<rocksdb::Iterator> iterator_;
  bool says_empty_ = false;
};

rocksdb::Options ReadOptionsFor() {
  rocksdb::Options options = PackWriteOptions();
  rocksdb::BlockBasedTableOptions table = PackTableOptions();
  table.no_block_cache = true;  // a pack is read once, from start to end
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

struct PackReader::State {
  State(const std::string& path, const PackLimits& limits)
      : path(path), limits(limits), options(ReadOptionsFor()), reader(options) {}

  std::unique_ptr<rocksdb::Iterator> NewIterator(bool checksums, size_t read_ahead_bytes) {
    rocksdb::ReadOptions read;
    read.verify_checksums = checksums;
    read.fill_cache = false;
    read.readahead_size = read_ahead_bytes;
    return std::unique_ptr<rocksdb::Iterator>(reader.NewIterator(read));
  }

  absl::Status ReadHeader() {
    auto found = properties->user_collected_properties.find(kHeaderProperty);
    if (found == properties->user_collected_properties.end()) {
      return Rejected(
          RejectReason::kPackHeaderMismatch,
          absl::StrCat(path, " has no property ", kHeaderProperty, ": it is not a pack"));
    }
    absl::StatusOr<PackHeader> read = DecodeHeader(found->second);
    if (!read.ok()) return AtPlace(read.status(), path);
    header = *std::move(read);
    return absl::OkStatus();
  }

  const std::string path;
  const PackLimits limits;
  const rocksdb::Options options;
  rocksdb::SstFileReader reader;
  std::shared_ptr<const rocksdb::TableProperties> properties;
  PackHeader header;
  uint64_t bytes = 0;
};

PackReader::PackReader(std::unique_ptr<State> state) : state_(std::move(state)) {}

PackReader::~PackReader() = default;

absl::StatusOr<std::unique_ptr<PackReader>> PackReader::Open(const std::string& path,
                                                             const PackLimits& limits) {
  absl::StatusOr<uint64_t> size = CheckedSize(path, limits);
  if (!size.ok()) return size.status();
  if (absl::Status s = CheckTableStructure(path, *size); !s.ok()) return s;
  auto state = std::make_unique<State>(path, limits);
  state->bytes = *size;
  rocksdb::Status opened = state->reader.Open(path);
  if (!opened.ok()) return Unreadable(path, opened);
  state->properties = state->reader.GetTableProperties();
  if (state->properties == nullptr) return Foreign(path, "no table properties");
  if (state->properties->num_entries > limits.max_entries) {
    return Rejected(RejectReason::kPackLimit,
                    absl::StrCat(path, " has ", state->properties->num_entries,
                                 " entries; at most ", limits.max_entries, " are allowed"));
  }
  if (absl::Status s = state->ReadHeader(); !s.ok()) return s;
  return std::unique_ptr<PackReader>(new PackReader(std::move(state)));
}

const PackHeader& PackReader::header() const { return state_->header; }

std::unique_ptr<EntryCursor> PackReader::NewCursor(bool checksums) const {
  return std::make_unique<PackCursor>(state_->path,
                                      state_->NewIterator(checksums, kReadAheadBytes));
}

std::unique_ptr<SeekableCursor> PackReader::NewSeekableCursor() const {
  return std::make_unique<PackCursor>(state_->path, state_->NewIterator(/*checksums=*/true, 0));
}

absl::StatusOr<PackSummary> PackReader::Validate(
    const std::function<void(uint64_t)>& progress) const {
  EntryChecker checker(state_->header.is_delta(), state_->limits);
  PackCursor cursor(state_->path, state_->NewIterator(/*checksums=*/true, kReadAheadBytes));
  for (; cursor.Valid(); cursor.Next()) {
    if (absl::Status s = checker.Take(cursor.key(), cursor.value()); !s.ok()) {
      return AtPlace(s, absl::StrCat(state_->path, ", entry ", checker.entries() + 1));
    }
    if (progress && checker.entries() % kEntriesBetweenReports == 0) progress(checker.entries());
  }
  if (!cursor.status().ok()) return cursor.status();
  if (checker.entries() + (cursor.says_empty() ? 1 : 0) != state_->properties->num_entries) {
    return Foreign(state_->path, "entries that RocksDB's reader does not show");
  }
  if (cursor.says_empty() && checker.entries() != 0) {
    return Rejected(RejectReason::kPackBadKey,
                    absl::StrCat(state_->path, " holds entries and the one that says it has none"));
  }
  PackSummary summary = checker.summary();
  summary.bytes = state_->bytes;
  return summary;
}

bool IsRemoval(absl::string_view key, absl::string_view value) {
  if (LabelIdFromKey(key).has_value()) return value.empty();
  // REMOVED is the low nibble 15 of the first byte (reputation/record.h).
  return !value.empty() && (static_cast<uint8_t>(value[0]) & 0x0f) == 0x0f;
}

}  // namespace cloister::storage
